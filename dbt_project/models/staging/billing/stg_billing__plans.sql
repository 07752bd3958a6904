with

source as (select * from {{ source('raw_billing', 'plans') }}),

renamed as (
    select
        plan_id,

        plan_name,
        brand,

        brand_rank,
        monthly_fee_cny as monthly_fee_amount,
        included_minutes,
        included_data_mb,
        minute_price_cny as minute_price_amount,
        data_mb_price_cny as data_mb_price_amount,
        included_sms,
        sms_price_cny as sms_price_amount,
        long_distance_price_cny as long_distance_price_amount,
        roaming_price_cny as roaming_price_amount,

        is_on_sale,

        valid_from,
        valid_to,
        landed_month
    from source
)

select * from renamed
