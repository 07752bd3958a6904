with

months_landed as (select * from {{ ref('int_months_landed') }}),

service_subscriptions as (select * from {{ ref('stg_billing__service_subscriptions') }}),

services_as_known as (
    select
        months_landed.snapshot_month,
        months_landed.last_day,
        service_subscriptions.subscriber_id,
        service_subscriptions.is_bundle,
        service_subscriptions.starts_on,
        service_subscriptions.ends_on
    from months_landed
    inner join service_subscriptions
        on months_landed.snapshot_month >= service_subscriptions.known_from_month
        and (
            service_subscriptions.known_until_month is null
            or months_landed.snapshot_month < service_subscriptions.known_until_month
        )
    where service_subscriptions.starts_on <= months_landed.last_day
),

counted as (
    select
        snapshot_month,
        subscriber_id,
        sum(case when is_bundle and (ends_on is null or ends_on >= last_day) then 1 else 0 end) as bundle_count,
        sum(case when not is_bundle and (ends_on is null or ends_on >= last_day) then 1 else 0 end)
            as value_added_service_count,
        sum(case when not is_bundle and starts_on >= {{ add_months('snapshot_month', -5) }} then 1 else 0 end)
            as services_taken_up_count_6m
    from services_as_known
    group by snapshot_month, subscriber_id
)

select * from counted
