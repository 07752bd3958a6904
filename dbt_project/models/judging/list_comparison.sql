{{ config(meta={'rewrites_open_months': true}) }}

{%- set methods = [
    ('quantity_churn', 'scorecard', 'scorecard'),
    ('quantity_churn', 'model', 'quantity_churn_model'),
    ('quantity_churn', 'combined', 'quantity_churn_combined'),
    ('value_churn', 'scorecard', 'scorecard'),
    ('value_churn', 'model', 'value_churn_model'),
    ('value_churn', 'combined', 'value_churn_combined'),
] %}

with

parameters as (select * from {{ ref('int_parameters') }}),

closed_months as (select * from {{ ref('closed_months') }}),

list_sizes as (select * from {{ ref('list_sizes') }}),

labels as (select * from {{ ref('churn_labels') }}),

outcomes as (
    select
        candidates.*,
        closed_months.closed_in_month,
        labels.is_quantity_churn,
        labels.is_value_churn,
        labels.is_involuntary_churn
    from closed_months
    inner join {{ ref('candidate_ranks') }} as candidates on closed_months.snapshot_month = candidates.snapshot_month
    left join labels
        on candidates.snapshot_month = labels.snapshot_month and candidates.subscriber_id = labels.subscriber_id
),

-- The lists as they would have been handed out: sized and ranked over all candidates, whatever became of them.
sizes as (
    select
        months.snapshot_month,
        list_sizes.rule_id as list_size_id,
        cast(
            floor(
                list_sizes.share * case list_sizes.measure
                    when 'potential_churner_count' then months.potential_churner_count
                    when 'candidate_count' then months.candidate_count
                end + 0.5
            ) as bigint
        ) as list_size
    from (
        select
            snapshot_month,
            count(*) as candidate_count,
            sum(case when is_potential_churner then 1 else 0 end) as potential_churner_count
        from outcomes
        group by snapshot_month
    ) as months
    inner join list_sizes on {{ rule_is_valid('months.snapshot_month', 'list_sizes') }}
),

ranked as (
    {%- for target, method, prefix in methods %}
    select
        snapshot_month,
        '{{ target }}' as target,
        '{{ method }}' as method,
        closed_in_month,
        {{ prefix }}_rank as list_rank,
        {{ prefix }}_place as place,
        is_{{ target }} as is_churn,
        is_involuntary_churn
    from outcomes
    where {{ prefix }}_rank is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

counted as (
    select
        ranked.snapshot_month,
        ranked.target,
        ranked.method,
        sizes.list_size_id,
        sizes.list_size,
        max(ranked.closed_in_month) as closed_in_month,
        count(*) as candidate_count,
        count(ranked.is_churn) as judged_count,
        sum(case when ranked.is_churn then 1 else 0 end) as churner_count,
        count(case when ranked.list_rank <= sizes.list_size then ranked.is_churn end) as listed_judged_count,
        sum(case when ranked.list_rank <= sizes.list_size and ranked.is_churn then 1 else 0 end) as found_count,
        sum(case when ranked.list_rank <= sizes.list_size and ranked.is_involuntary_churn then 1 else 0 end)
            as involuntary_count
    from ranked
    inner join sizes on ranked.snapshot_month = sizes.snapshot_month
    group by ranked.snapshot_month, ranked.target, ranked.method, sizes.list_size_id, sizes.list_size
),

places as (
    select
        snapshot_month,
        target,
        method,
        place,
        count(*) as tied_count,
        sum(case when is_churn then 1 else 0 end) as churner_count
    from ranked
    group by snapshot_month, target, method, place
),

-- Only the equals across whom the list ends can be drawn in more than one way.
ties as (
    select
        places.snapshot_month,
        places.target,
        places.method,
        sizes.list_size_id,
        sum(case when places.place + places.tied_count - 1 <= sizes.list_size then places.churner_count else 0 end)
            as certain_count,
        max(
            case
                when places.place <= sizes.list_size and places.place + places.tied_count - 1 > sizes.list_size
                    then
                        cast(places.churner_count * (sizes.list_size - places.place + 1) as double)
                        / cast(places.tied_count as double)
            end
        ) as drawn_count
    from places
    inner join sizes on places.snapshot_month = sizes.snapshot_month
    group by places.snapshot_month, places.target, places.method, sizes.list_size_id
),

rates as (
    select
        counted.*,
        cast(ties.certain_count as double) + coalesce(ties.drawn_count, 0) as found_count_any_order,
        {{ share('counted.churner_count', 'counted.judged_count') }} as base_rate,
        {{ share('counted.found_count', 'counted.listed_judged_count') }} as precision,
        {{ share('counted.found_count', 'counted.churner_count') }} as recall,
        cast(parameters.interval_quantile as double) as quantile,
        cast(nullif(counted.listed_judged_count, 0) as double) as judged
    from counted
    cross join parameters
    inner join ties
        on counted.snapshot_month = ties.snapshot_month
        and counted.target = ties.target
        and counted.method = ties.method
        and counted.list_size_id = ties.list_size_id
),

-- Wilson's interval, which holds for few churners too.
intervals as (
    select
        *,
        (precision + quantile * quantile / (2 * judged)) / (1 + quantile * quantile / judged) as centre,
        quantile / (1 + quantile * quantile / judged) * sqrt(
            precision * (1 - precision) / judged + quantile * quantile / (4 * judged * judged)
        ) as half_width
    from rates
),

final as (
    select
        snapshot_month,
        target,
        method,
        list_size_id,
        closed_in_month,
        cast(candidate_count as bigint) as candidate_count,
        cast(judged_count as bigint) as judged_count,
        cast(churner_count as bigint) as churner_count,
        cast(list_size as bigint) as list_size,
        cast(listed_judged_count as bigint) as listed_judged_count,
        cast(found_count as bigint) as found_count,
        found_count_any_order,
        cast(involuntary_count as bigint) as involuntary_count,
        base_rate,
        precision,
        centre - half_width as precision_low,
        centre + half_width as precision_high,
        precision / nullif(base_rate, 0) as lift,
        (centre - half_width) / nullif(base_rate, 0) as lift_low,
        (centre + half_width) / nullif(base_rate, 0) as lift_high,
        recall
    from intervals
)

select * from final
