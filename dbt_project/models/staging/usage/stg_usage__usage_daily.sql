with

source as (select * from {{ source('raw_usage', 'usage_daily') }}),

renamed as (
    select
        subscriber_id,

        out_calls,
        out_minutes,
        in_calls,
        in_minutes,
        offnet_out_minutes,
        missed_calls,
        forwarded_calls,
        forwarded_to_competitor,
        own_hotline_calls,
        competitor_hotline_calls,
        sms_count,
        data_mb,
        roaming_minutes,
        distinct_contacts,
        charged_cny as charged_amount,
        night_minutes,
        long_distance_minutes,
        info_service_calls,
        roaming_calls,
        in_group_minutes,

        usage_date,
        landed_month
    from source
)

select * from renamed
