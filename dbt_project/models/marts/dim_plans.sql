{{ config(materialized='table') }}

with

plans as (select * from {{ ref('stg_billing__plans') }})

select
    plan_id,
    plan_name,
    brand,
    brand_rank,
    monthly_fee_amount,
    included_minutes,
    included_data_mb,
    included_sms,
    minute_price_amount,
    data_mb_price_amount,
    sms_price_amount,
    long_distance_price_amount,
    roaming_price_amount,
    is_on_sale,
    valid_from,
    valid_to
from plans
