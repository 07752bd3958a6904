with

source as (select * from {{ source('raw_billing', 'bills') }}),

renamed as (
    select
        subscriber_id,

        fee_item,

        amount_cny as billed_amount,

        billing_month,
        landed_month
    from source
)

select * from renamed
