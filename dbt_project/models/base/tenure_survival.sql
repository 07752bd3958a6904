{#- A stop that began in a month counts where it was known once the month's silences had ended, whatever was
    learnt later: so a month run again finds what it found. -#}
{%- set observed = 'cast(parameters.survival_months - 1 + parameters.silence_months as integer)' %}

with

parameters as (select * from {{ ref('int_parameters') }}),

months_landed as (select * from {{ ref('int_months_landed') }} where {{ in_run('snapshot_month') }}),

subscribers as (select * from {{ ref('dim_subscribers') }}),

activity_runs as (select * from {{ ref('int_activity_runs') }}),

churn_flags as (select * from {{ ref('fct_churn_flags') }}),

-- The month that a line begins as its last snapshot left it.
begun as (
    select
        {{ add_months('subscribers.snapshot_month', 1) }} as observed_month,
        {{ month_number('subscribers.snapshot_month') }} + 1 as observed_month_number,
        subscribers.subscriber_id,
        subscribers.value_tier,
        coalesce(subscribers.brand, 'unknown') as brand,
        coalesce(subscribers.branch_id, 'unknown') as branch_id,
        subscribers.tenure_months
    from subscribers
    cross join parameters
    left join activity_runs
        on subscribers.snapshot_month = activity_runs.snapshot_month
        and subscribers.subscriber_id = activity_runs.subscriber_id
        and {{ month_number('subscribers.snapshot_month') }} + 1 + parameters.silence_months
        >= activity_runs.stop_known_month
        and {{ add_months('subscribers.snapshot_month', 1) }} > activity_runs.run_started_on
    where
        subscribers.snapshot_month >= {{ add_months(run_month('from_month'), '-(' ~ observed ~ ' + 1)') }}
        and subscribers.snapshot_month < {{ run_month('to_month') }}
        and subscribers.status = 'active'
        and subscribers.tenure_months between 0 and parameters.survival_maximum_tenure_months
        and activity_runs.subscriber_id is null
),

observed as (
    select
        begun.observed_month,
        begun.value_tier,
        begun.brand,
        begun.branch_id,
        begun.tenure_months,
        cast(count(*) as bigint) as at_risk_count,
        cast(
            sum(
                case
                    when
                        churn_flags.is_effective_stop
                        and churn_flags.is_voluntary_stop
                        and {{ month_number('churn_flags.stop_known_in_month') }}
                        <= begun.observed_month_number + parameters.silence_months
                        then 1
                    else 0
                end
            ) as bigint
        ) as quantity_churn_count
    from begun
    cross join parameters
    inner join {{ ref('int_months_landed') }} as landed on begun.observed_month = landed.snapshot_month
    left join churn_flags
        on begun.observed_month = churn_flags.snapshot_month and begun.subscriber_id = churn_flags.subscriber_id
    group by begun.observed_month, begun.value_tier, begun.brand, begun.branch_id, begun.tenure_months
),

tiers as (
    select distinct value_tier, value_tier as counted_in
    from observed
    union all
    select distinct value_tier, 'all' as counted_in
    from observed
    union all
    select distinct value_tier, 'mid_high' as counted_in
    from observed
    where value_tier <> 'mass'
),

-- Everybody, and by one of brand and branch at a time.
scopes as (
    select 'all' as scope
    union all
    select 'brand' as scope
    union all
    select 'branch' as scope
),

pooled as (
    select
        months_landed.snapshot_month,
        tiers.counted_in as value_tier,
        case when scopes.scope = 'brand' then observed.brand else 'all' end as brand,
        case when scopes.scope = 'branch' then observed.branch_id else 'all' end as branch_id,
        observed.tenure_months,
        cast(sum(observed.at_risk_count) as bigint) as at_risk_count,
        cast(sum(observed.quantity_churn_count) as bigint) as quantity_churn_count
    from months_landed
    cross join parameters
    cross join scopes
    inner join observed
        on {{ add_months('months_landed.snapshot_month', '-' ~ observed) }} <= observed.observed_month
        and {{ add_months('months_landed.snapshot_month', '-parameters.silence_months') }} >= observed.observed_month
    inner join tiers on observed.value_tier = tiers.value_tier
    group by
        months_landed.snapshot_month,
        tiers.counted_in,
        case when scopes.scope = 'brand' then observed.brand else 'all' end,
        case when scopes.scope = 'branch' then observed.branch_id else 'all' end,
        observed.tenure_months
),

pooled_months as (
    select
        months_landed.snapshot_month,
        cast(count(distinct observed.observed_month) as bigint) as pooled_month_count
    from months_landed
    cross join parameters
    inner join observed
        on {{ add_months('months_landed.snapshot_month', '-' ~ observed) }} <= observed.observed_month
        and {{ add_months('months_landed.snapshot_month', '-parameters.silence_months') }} >= observed.observed_month
    group by months_landed.snapshot_month
),

-- Logarithms of what stays, and Greenwood's terms; where all leave, neither has a value.
steps as (
    select
        *,
        cast(quantity_churn_count as double) / cast(at_risk_count as double) as hazard,
        cast(
            case
                when at_risk_count > quantity_churn_count
                    then ln(1 - cast(quantity_churn_count as double) / cast(at_risk_count as double))
            end as decimal(38, 18)
        ) as log_staying,
        cast(
            case
                when at_risk_count > quantity_churn_count
                    then
                        cast(quantity_churn_count as double)
                        / (cast(at_risk_count as double) * cast(at_risk_count - quantity_churn_count as double))
            end as decimal(38, 18)
        ) as variance_term
    from pooled
),

multiplied as (
    select
        *,
        max(case when at_risk_count = quantity_churn_count then 1 else 0 end) over up_to_here as is_nobody_left,
        cast(sum(log_staying) over up_to_here as double) as log_survival,
        sqrt(cast(sum(variance_term) over up_to_here as double)) as log_deviation
    from steps
    window
        up_to_here as (
            partition by snapshot_month, value_tier, brand, branch_id
            order by tenure_months
            rows between unbounded preceding and current row
        )
),

-- Rounded: exponentials may differ in the last digit from one machine to the next.
final as (
    select
        multiplied.snapshot_month,
        multiplied.value_tier,
        multiplied.brand,
        multiplied.branch_id,
        multiplied.tenure_months,
        multiplied.at_risk_count,
        multiplied.quantity_churn_count,
        multiplied.hazard,
        case when multiplied.is_nobody_left = 1 then 0 else round(exp(multiplied.log_survival), 9) end as survival,
        case
            when multiplied.is_nobody_left = 0
                then
                    round(exp(multiplied.log_survival - parameters.interval_quantile * multiplied.log_deviation), 9)
        end as survival_low,
        case
            when multiplied.is_nobody_left = 0
                then
                    least(
                        round(
                            exp(multiplied.log_survival + parameters.interval_quantile * multiplied.log_deviation), 9
                        ),
                        1
                    )
        end as survival_high,
        pooled_months.pooled_month_count
    from multiplied
    cross join parameters
    inner join pooled_months on multiplied.snapshot_month = pooled_months.snapshot_month
)

select * from final
