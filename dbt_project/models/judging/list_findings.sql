{{ config(meta={'rewrites_open_months': true}) }}

with

parameters as (select * from {{ ref('int_parameters') }}),

closed_months as (select * from {{ ref('closed_months') }}),

candidates as (
    select
        *,
        sum(case when is_potential_churner then 1 else 0 end) over (partition by snapshot_month) as list_size
    from {{ ref('candidate_ranks') }}
    where {{ in_open_months('snapshot_month') }}
),

found as (
    select
        *,
        scorecard_rank <= list_size as is_found_by_scorecard,
        coalesce(quantity_churn_model_rank <= list_size, false) as is_found_by_model,
        quantity_churn_combined_rank <= list_size as is_found_by_combined
    from candidates
    where scorecard_rank <= list_size or quantity_churn_model_rank <= list_size or quantity_churn_combined_rank <= list_size
),

labels as (select * from {{ ref('churn_labels') }}),

stops as (
    select subscriber_id, effective_stop_date, {{ month_number('snapshot_month') }} as month_number
    from {{ ref('fct_churn_flags') }}
    where snapshot_month >= {{ first_open_month() }} and is_effective_stop
),

first_stops as (
    select
        found.snapshot_month,
        found.subscriber_id,
        min(stops.effective_stop_date) as effective_stop_date
    from found
    cross join parameters
    inner join stops
        on found.subscriber_id = stops.subscriber_id
        and stops.month_number >= {{ month_number('found.snapshot_month') }}
        and stops.month_number
        <= {{ month_number('found.snapshot_month') }} + parameters.gap_months + parameters.outcome_months
    group by found.snapshot_month, found.subscriber_id
),

final as (
    select
        found.snapshot_month,
        found.subscriber_id,
        case
            when found.is_found_by_scorecard and found.is_found_by_model then 'both'
            when found.is_found_by_scorecard then 'only_scorecard'
            when found.is_found_by_model then 'only_model'
            else 'only_combined'
        end as found_by,
        found.is_found_by_combined,
        found.score,
        found.churn_probability,
        found.value_tier,
        case when closed_months.snapshot_month is not null then labels.is_quantity_churn end as is_quantity_churn,
        case when closed_months.snapshot_month is not null then labels.is_involuntary_churn end as is_involuntary_churn,
        case when closed_months.snapshot_month is not null then labels.is_value_churn end as is_value_churn,
        case when closed_months.snapshot_month is not null then first_stops.effective_stop_date end
            as effective_stop_date,
        closed_months.closed_in_month
    from found
    left join closed_months on found.snapshot_month = closed_months.snapshot_month
    left join labels
        on found.snapshot_month = labels.snapshot_month and found.subscriber_id = labels.subscriber_id
    left join first_stops
        on found.snapshot_month = first_stops.snapshot_month and found.subscriber_id = first_stops.subscriber_id
)

select * from final
