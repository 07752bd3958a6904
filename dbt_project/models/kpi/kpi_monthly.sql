{{ config(meta={'rewrites_open_months': true}) }}

with

parameters as (select * from {{ ref('int_parameters') }}),

subscribers as (
    select
        subscribers.snapshot_month,
        subscribers.subscriber_id,
        subscribers.branch_id,
        subscribers.brand,
        subscribers.value_tier,
        subscribers.is_silent,
        subscriber_months.billed_amount,
        subscriber_months.last_active_on is not null as is_used
    from {{ ref('dim_subscribers') }} as subscribers
    inner join {{ ref('fct_subscriber_months') }} as subscriber_months
        on subscribers.snapshot_month = subscriber_months.snapshot_month
        and subscribers.subscriber_id = subscriber_months.subscriber_id
    where
        subscribers.snapshot_month >= {{ add_months(first_open_month(), -1) }}
        and subscribers.snapshot_month <= {{ run_month('to_month') }}
),

counted_lines as (
    select * from subscribers
    where snapshot_month >= {{ first_open_month() }}
),

lines_before as (select *, {{ add_months('snapshot_month', 1) }} as next_month from subscribers),

months_before as (select distinct next_month from lines_before),

-- A brand ranks as its best plan.
brand_ranks as (
    select brand, min(brand_rank) as brand_rank
    from {{ ref('dim_plans') }}
    group by brand
),

churn_flags as (
    select * from {{ ref('fct_churn_flags') }}
    where {{ in_open_months('snapshot_month') }}
),

flagged_months as (select distinct snapshot_month from churn_flags where is_value_loss is not null),

month_colours as (select * from {{ ref('month_colours') }}),

-- Weeks have candidates of the month before; one that began there, of the month before that.
warned_months as (
    select next_month as snapshot_month from months_before
    union
    select snapshot_month from month_colours
),

responsibilities as (select * from {{ source('retention', 'responsibilities') }}),

churn_scores as (select * from {{ source('ml', 'churn_scores') }}),

scored_months as (select distinct snapshot_month from churn_scores),

-- Answers that came while the month's rows are still written; what comes later finds them closed.
contacts as (
    select
        coalesce(contacts.snapshot_month, {{ month_of(add_days('contacts.warning_week', -1)) }}) as snapshot_month,
        contacts.subscriber_id,
        contacts.is_reached,
        contacts.contact_month,
        cast(parameters.gap_months + parameters.outcome_months + parameters.silence_months + 1 as integer) as open_months
    from {{ ref('fct_retention_contacts') }} as contacts
    cross join parameters
),

-- Before the first list that was ever answered, nobody says what was done.
answered_months as (
    select distinct counted_lines.snapshot_month
    from (select distinct snapshot_month from counted_lines) as counted_lines
    inner join contacts
        on counted_lines.snapshot_month >= contacts.snapshot_month
        and {{ add_months('counted_lines.snapshot_month', 'contacts.open_months') }} >= contacts.contact_month
),

answers as (
    select
        snapshot_month,
        subscriber_id,
        max(case when is_reached then 1 else 0 end) as reached_count
    from contacts
    where {{ add_months('snapshot_month', 'open_months') }} >= contact_month
    group by snapshot_month, subscriber_id
),

-- What could not be judged in a month is unknown in all its rows: null, not nought.
judged as (
    select
        counted_lines.snapshot_month,
        counted_lines.branch_id,
        counted_lines.brand,
        counted_lines.value_tier,
        counted_lines.billed_amount,
        churn_flags.is_effective_stop and churn_flags.is_voluntary_stop as is_quantity_churn,
        churn_flags.is_effective_stop and not churn_flags.is_voluntary_stop as is_involuntary_churn,
        flagged_months.snapshot_month is not null as is_flagged_month,
        churn_flags.is_value_loss,
        months_before.next_month is not null as is_compared,
        warned_months.snapshot_month is not null as is_warned_month,
        month_colours.colour,
        responsibilities.list_kind = 'at_risk' as is_at_risk,
        responsibilities.list_kind = 'lost' as is_lost,
        responsibilities.disposition,
        scored_months.snapshot_month is not null as is_scored_month,
        churn_scores.value_at_risk,
        answered_months.snapshot_month is not null as is_answered,
        answers.subscriber_id is not null as is_worked,
        coalesce(answers.reached_count, 0) as reached_count,
        counted_lines.is_silent and lines_before.is_used as is_newly_silent,
        lines_before.billed_amount as billed_amount_before,
        ranks_now.brand_rank > ranks_before.brand_rank as is_downgraded,
        ranks_now.brand_rank is not null as is_brand_ranked
    from counted_lines
    left join months_before on counted_lines.snapshot_month = months_before.next_month
    left join lines_before
        on counted_lines.snapshot_month = lines_before.next_month
        and counted_lines.subscriber_id = lines_before.subscriber_id
    left join brand_ranks as ranks_now on counted_lines.brand = ranks_now.brand
    left join brand_ranks as ranks_before on lines_before.brand = ranks_before.brand
    left join churn_flags
        on counted_lines.snapshot_month = churn_flags.snapshot_month
        and counted_lines.subscriber_id = churn_flags.subscriber_id
    left join flagged_months on counted_lines.snapshot_month = flagged_months.snapshot_month
    left join warned_months on counted_lines.snapshot_month = warned_months.snapshot_month
    left join month_colours
        on counted_lines.snapshot_month = month_colours.snapshot_month
        and counted_lines.subscriber_id = month_colours.subscriber_id
    left join responsibilities
        on counted_lines.snapshot_month = responsibilities.snapshot_month
        and counted_lines.subscriber_id = responsibilities.subscriber_id
    left join scored_months on counted_lines.snapshot_month = scored_months.snapshot_month
    left join churn_scores
        on counted_lines.snapshot_month = churn_scores.snapshot_month
        and counted_lines.subscriber_id = churn_scores.subscriber_id
    left join answered_months on counted_lines.snapshot_month = answered_months.snapshot_month
    left join answers
        on counted_lines.snapshot_month = answers.snapshot_month and counted_lines.subscriber_id = answers.subscriber_id
),

final as (
    select
        snapshot_month,
        branch_id,
        brand,
        value_tier,
        cast(count(*) as bigint) as subscriber_count,
        cast(sum(case when is_quantity_churn then 1 else 0 end) as bigint) as quantity_churn_count,
        cast(sum(case when is_involuntary_churn then 1 else 0 end) as bigint) as involuntary_churn_count,
        cast(sum(case when not is_flagged_month then null when is_value_loss then 1 else 0 end) as bigint) as value_churn_count,
        cast(sum(billed_amount) as decimal(18, 2)) as billed_amount,
        cast(count(billed_amount) as bigint) as billed_count,
        cast(round(sum(billed_amount) / nullif(count(billed_amount), 0), 2) as decimal(18, 2)) as average_bill_amount,
        cast(sum(case when not is_warned_month then null when colour is null then 0 else 1 end) as bigint) as warned_count,
        {%- for colour in ['red', 'yellow', 'blue'] %}
        cast(sum(case when not is_warned_month then null when colour = '{{ colour }}' then 1 else 0 end) as bigint)
            as {{ colour }}_count,
        {%- endfor %}
        cast(sum(case when is_at_risk then 1 else 0 end) as bigint) as at_risk_count,
        cast(sum(case when is_at_risk then coalesce(billed_amount, 0) else 0 end) as decimal(18, 2))
            as at_risk_billed_amount,
        cast(sum(case when is_scored_month then coalesce(value_at_risk, 0) end) as decimal(18, 2)) as value_at_risk_amount,
        cast(sum(case when is_lost then 1 else 0 end) as bigint) as lost_count,
        {%- for disposition in ['assigned', 'suppressed', 'held_out', 'beyond_capacity'] %}
        cast(sum(case when is_at_risk and disposition = '{{ disposition }}' then 1 else 0 end) as bigint)
            as {{ disposition }}_count,
        {%- endfor %}
        cast(sum(case when not is_answered then null when is_worked then 1 else 0 end) as bigint) as worked_count,
        cast(
            sum(
                case
                    when not is_answered then null
                    when is_worked and is_at_risk and disposition = 'assigned' then 1
                    else 0
                end
            ) as bigint
        ) as assigned_worked_count,
        cast(sum(case when is_answered then reached_count end) as bigint) as reached_count,
        cast(sum(case when not is_compared then null when is_newly_silent then 1 else 0 end) as bigint) as silent_count,
        cast(
            sum(
                case
                    when not is_compared then null
                    when is_newly_silent then coalesce(billed_amount_before, 0)
                    else 0
                end
            ) as decimal(18, 2)
        ) as silent_billed_amount,
        cast(sum(case when not (is_compared and is_brand_ranked) then null when is_downgraded then 1 else 0 end) as bigint)
            as downgrade_count
    from judged
    group by snapshot_month, branch_id, brand, value_tier
)

select * from final
