with

source as (select * from {{ source('raw_customer', 'blacklist') }}),

renamed as (
    select
        subscriber_id,

        reason,

        since,
        landed_month
    from source
)

select * from renamed
