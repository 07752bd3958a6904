{#- Each measure is a numerator and a denominator, so that a rule compares without dividing. -#}
{%- set measures = [
    ('is_stopped', 'measured.is_stopped', '1'),
    ('tenure_months', 'measured.tenure_months', '1'),
    ('bill_mean_3m_to_6m', 'measured.billed_sum_3m * 2', 'measured.billed_sum_6m'),
] -%}
with

rules as (select * from {{ ref('lifecycle_stages') }}),

subscribers as (
    select snapshot_month, subscriber_id, status, tenure_months
    from {{ ref('dim_subscribers') }}
    where {{ in_run('snapshot_month') }}
),

bills as (
    select
        snapshot_month,
        subscriber_id,
        sum(billed_amount) over three_months as billed_sum_3m,
        sum(billed_amount) over six_months as billed_sum_6m,
        count(billed_amount) over six_months as billed_months_6m
    from {{ ref('fct_subscriber_months') }}
    where {{ in_run_with_history('snapshot_month', 5) }}
    window
        three_months as (
            partition by subscriber_id
            order by {{ month_number('snapshot_month') }}
            range between 2 preceding and current row
        ),
        six_months as (
            partition by subscriber_id
            order by {{ month_number('snapshot_month') }}
            range between 5 preceding and current row
        )
),

-- All six months are needed; a mean over fewer says nothing about growth.
measured as (
    select
        subscribers.snapshot_month,
        subscribers.subscriber_id,
        subscribers.tenure_months,
        case when subscribers.status is not null then case when subscribers.status = 'active' then 0 else 1 end end
            as is_stopped,
        case when bills.billed_months_6m = 6 then bills.billed_sum_3m end as billed_sum_3m,
        case when bills.billed_months_6m = 6 and bills.billed_sum_6m > 0 then bills.billed_sum_6m end as billed_sum_6m
    from subscribers
    left join bills
        on subscribers.snapshot_month = bills.snapshot_month and subscribers.subscriber_id = bills.subscriber_id
),

judged as (
    select
        measured.snapshot_month,
        measured.subscriber_id,
        min(
            case
                when {{ measured_rule_fires(measures) }} then rules.stage_order
            end
        ) as stage_order
    from measured
    left join rules on {{ rule_is_valid('measured.snapshot_month') }}
    group by measured.snapshot_month, measured.subscriber_id
),

stage_names as (
    select distinct stage_order, lifecycle_stage
    from rules
),

staged as (
    select
        judged.snapshot_month,
        judged.subscriber_id,
        stage_names.lifecycle_stage
    from judged
    left join stage_names on judged.stage_order = stage_names.stage_order
)

select * from staged
