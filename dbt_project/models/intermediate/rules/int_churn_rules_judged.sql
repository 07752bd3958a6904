with

measures as (select * from {{ ref('int_churn_measures') }}),

rules as (select * from {{ ref('churn_rules') }}),

judged as (
    select
        measures.snapshot_month,
        measures.subscriber_id,
        rules.rule_id,
        rules.flag,
        rules.in_label,
        cast(measures.numerator as double) / cast(measures.denominator as double) as observed_value,
        rules.threshold,
        case
            when measures.numerator is null or measures.denominator is null or measures.is_gate_open is null then null
            else
                measures.is_gate_open
                and {{ rule_fires('measures.numerator', 'rules.operator', 'rules.threshold', 'measures.denominator') }}
        end as is_fired
    from measures
    inner join rules on measures.measure = rules.measure
    where {{ rule_is_valid('measures.snapshot_month') }}
)

select * from judged
