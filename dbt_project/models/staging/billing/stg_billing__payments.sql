with

source as (select * from {{ source('raw_billing', 'payments') }}),

renamed as (
    select
        payment_id,
        account_id,

        payment_method,
        payment_channel,

        amount_cny as paid_amount,

        paid_at,
        landed_month
    from source
)

select * from renamed
