{{ config(materialized='table') }}

with

measures as (select * from {{ ref('int_warning_measures') }}),

rules as (select * from {{ ref('warning_conditions') }}),

judged as (
    select
        measures.warning_week,
        measures.week_month,
        measures.base_month,
        measures.is_in_run,
        measures.subscriber_id,
        rules.dimension,
        rules.condition_id,
        rules.rule_id,
        rules.measure_order,
        cast(measures.numerator as double) / cast(measures.denominator as double) as observed_value,
        rules.threshold,
        rules.points,
        case
            when not measures.is_applicable or measures.denominator < rules.minimum_base * measures.base_weeks then false
            else {{ rule_fires('measures.numerator', 'rules.operator', 'rules.threshold', 'measures.denominator') }}
        end as is_fired
    from measures
    inner join rules on measures.measure = rules.measure
    where {{ rule_is_valid('measures.week_month') }}
)

-- What did not fire says nothing more; a contract level that is unknown does.
select *
from judged
where is_fired or (dimension = 'contract' and is_fired is null)
