{%- set usage_measures = [
    ('out_minutes', 'decimal(18, 2)'), ('in_minutes', 'decimal(18, 2)'), ('out_calls', 'bigint'), ('in_calls', 'bigint'),
    ('data_mb', 'decimal(18, 2)'), ('forwarded_calls', 'bigint'), ('forwarded_to_competitor', 'bigint'),
    ('offnet_out_minutes', 'decimal(18, 2)'), ('missed_calls', 'bigint'), ('own_hotline_calls', 'bigint'),
    ('competitor_hotline_calls', 'bigint'), ('sms_count', 'bigint'), ('roaming_minutes', 'decimal(18, 2)'),
    ('night_minutes', 'decimal(18, 2)'), ('long_distance_minutes', 'decimal(18, 2)'),
    ('in_group_minutes', 'decimal(18, 2)'), ('info_service_calls', 'bigint'), ('charged_amount', 'decimal(18, 2)'),
    ('used_days', 'bigint'), ('forwarded_to_competitor_days', 'bigint'),
] -%}
{%- set bill_items = ['vas_fee', 'monthly_rent', 'voice', 'data', 'roaming', 'discount'] -%}
with

subscribers as (select * from {{ ref('stg_customer__subscribers') }} where {{ in_run('snapshot_month') }}),

tables_available as (select * from {{ ref('int_tables_available') }} where {{ in_run('snapshot_month') }}),

bills as (select * from {{ ref('int_bills_pivoted_to_subscriber_months') }} where {{ in_run('snapshot_month') }}),

usage_months as (select * from {{ ref('int_usage_summed_to_subscriber_months') }} where {{ in_run('snapshot_month') }}),

usage_before_stops as (select * from {{ ref('int_usage_before_stops') }} where {{ in_run('snapshot_month') }}),

payments as (select * from {{ ref('int_payments_summed_to_account_months') }} where {{ in_run('snapshot_month') }}),

arrears as (select * from {{ ref('stg_billing__arrears') }} where {{ in_run('snapshot_month') }}),

complaints as (
    select * from {{ ref('int_complaints_counted_to_subscriber_months') }} where {{ in_run('snapshot_month') }}
),

services as (
    select * from {{ ref('int_services_counted_to_subscriber_months') }} where {{ in_run('snapshot_month') }}
),

joined as (
    select
        subscribers.snapshot_month,
        subscribers.subscriber_id,
        subscribers.account_id,
        subscribers.status,
        subscribers.status_since,

        -- In the snapshot without a bill: billed nothing. A bill of unknown amount stays unknown.
        cast(case when bills.subscriber_id is null then 0 else bills.billed_amount end as decimal(18, 2)) as billed_amount,
        {%- for item in bill_items %}
        cast(case when bills.subscriber_id is null then 0 else bills.{{ item }}_amount end as decimal(18, 2))
            as {{ item }}_amount,
        {%- endfor %}

        -- No row of usage: nothing used.
        {%- for measure, data_type in usage_measures %}
        cast(case when usage_months.subscriber_id is null then 0 else usage_months.{{ measure }} end as {{ data_type }})
            as {{ measure }},
        {%- endfor %}
        cast(usage_months.busiest_day_contacts as bigint) as busiest_day_contacts,

        -- A table that never landed is unknown, not zero.
        cast(case when tables_available.has_service_subscriptions then coalesce(services.bundle_count, 0) end as bigint)
            as bundle_count,
        cast(
            case when tables_available.has_service_subscriptions then coalesce(services.value_added_service_count, 0) end
            as bigint
        ) as value_added_service_count,
        cast(case when tables_available.has_complaints then coalesce(complaints.complaint_count, 0) end as bigint)
            as complaint_count,
        cast(
            case when payments.account_id is not null then payments.paid_amount when tables_available.has_payments then 0 end
            as decimal(18, 2)
        ) as paid_amount,
        cast(case when tables_available.has_payments then coalesce(payments.payment_count, 0) end as bigint)
            as payment_count,
        cast(
            case when arrears.account_id is not null then arrears.overdue_amount when tables_available.has_arrears then 0 end
            as decimal(18, 2)
        ) as overdue_amount,
        cast(
            case when arrears.account_id is not null then arrears.months_overdue when tables_available.has_arrears then 0 end
            as bigint
        ) as months_overdue,

        -- The last day with use before the line was stopped, if it is.
        case
            when subscribers.status = 'active' then usage_months.last_used_on
            else usage_before_stops.last_used_before_stop_on
        end as last_active_on
    from subscribers
    inner join tables_available on subscribers.snapshot_month = tables_available.snapshot_month
    left join bills
        on subscribers.snapshot_month = bills.snapshot_month and subscribers.subscriber_id = bills.subscriber_id
    left join usage_months
        on subscribers.snapshot_month = usage_months.snapshot_month
        and subscribers.subscriber_id = usage_months.subscriber_id
    left join usage_before_stops
        on subscribers.snapshot_month = usage_before_stops.snapshot_month
        and subscribers.subscriber_id = usage_before_stops.subscriber_id
    left join payments
        on subscribers.snapshot_month = payments.snapshot_month and subscribers.account_id = payments.account_id
    left join arrears
        on subscribers.snapshot_month = arrears.snapshot_month and subscribers.account_id = arrears.account_id
    left join complaints
        on subscribers.snapshot_month = complaints.snapshot_month
        and subscribers.subscriber_id = complaints.subscriber_id
    left join services
        on subscribers.snapshot_month = services.snapshot_month and subscribers.subscriber_id = services.subscriber_id
)

select * from joined
