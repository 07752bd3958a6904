{{ config(meta={'rewrites_open_months': true}) }}

with

subscriber_months as (
    select snapshot_month, subscriber_id
    from {{ ref('fct_subscriber_months') }}
    where snapshot_month >= {{ first_open_month() }} and snapshot_month <= {{ run_month('to_month') }}
),

churn_flags as (select * from {{ ref('int_churn_flags_judged') }}),

effective_stops as (select * from {{ ref('int_effective_stops') }}),

flagged as (
    select
        subscriber_months.snapshot_month,
        subscriber_months.subscriber_id,
        churn_flags.v1_bill,
        churn_flags.v2_minutes,
        churn_flags.v3_calls,
        churn_flags.v4_bundles,
        churn_flags.v5_vas_fee,
        churn_flags.v6_plan,
        churn_flags.v7_two_month,
        churn_flags.v8_tier,
        churn_flags.is_value_loss,
        effective_stops.subscriber_id is not null as is_effective_stop,
        effective_stops.stop_kind,
        effective_stops.is_voluntary as is_voluntary_stop,
        effective_stops.effective_stop_date,
        effective_stops.stop_known_in_month
    from subscriber_months
    left join churn_flags
        on subscriber_months.snapshot_month = churn_flags.snapshot_month
        and subscriber_months.subscriber_id = churn_flags.subscriber_id
    left join effective_stops
        on subscriber_months.snapshot_month = effective_stops.stop_month
        and subscriber_months.subscriber_id = effective_stops.subscriber_id
)

select * from flagged
