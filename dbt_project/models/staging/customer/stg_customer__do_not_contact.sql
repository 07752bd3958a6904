with

source as (select * from {{ source('raw_customer', 'do_not_contact') }}),

renamed as (
    select
        subscriber_id,

        since,
        landed_month
    from source
)

select * from renamed
