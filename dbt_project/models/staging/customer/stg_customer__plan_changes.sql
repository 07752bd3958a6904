with

source as (select * from {{ source('raw_customer', 'plan_changes') }}),

renamed as (
    select
        subscriber_id,
        from_plan_id,
        to_plan_id,

        changed_at,
        landed_month
    from source
)

select * from renamed
