with

source as (select * from {{ source('raw_billing', 'service_subscriptions') }}),

renamed as (
    select
        subscriber_id,
        service_code,

        monthly_fee_cny as monthly_fee_amount,

        is_bundle,

        starts_on,
        ends_on,
        landed_month,
        landed_month as known_from_month,
        lead(landed_month) over (partition by subscriber_id, service_code, starts_on order by landed_month) as known_until_month
    from source
)

select * from renamed
