with

source as (select * from {{ source('raw_customer', 'status_changes') }}),

renamed as (
    select
        subscriber_id,

        from_status,
        to_status,
        reason,
        channel,

        changed_at,
        landed_month
    from source
)

select * from renamed
