{{ config(materialized='incremental', incremental_strategy='replace_months') }}

with

judged as (select * from {{ ref('int_churn_rules_judged') }}),

-- Three values: one that fired makes it true, else one not judged makes it unknown.
pivoted as (
    select
        snapshot_month,
        subscriber_id,
        {%- for flag in ['v1_bill', 'v2_minutes', 'v3_calls', 'v4_bundles', 'v5_vas_fee', 'v6_plan', 'v7_two_month', 'v8_tier'] %}
        max(case when flag = '{{ flag }}' then case when is_fired then 1 when not is_fired then 0 end end) = 1 as {{ flag }},
        {%- endfor %}
        case
            when max(case when in_label and is_fired then 1 else 0 end) = 1 then true
            when max(case when in_label and is_fired is null then 1 else 0 end) = 1 then null
            when max(case when in_label then 1 else 0 end) = 1 then false
        end as is_value_loss
    from judged
    group by snapshot_month, subscriber_id
)

select * from pivoted
