with

source as (select * from {{ source('raw_customer', 'port_out_requests') }}),

renamed as (
    select
        subscriber_id,

        kind,
        target_operator,

        requested_at,
        landed_month
    from source
)

select * from renamed
