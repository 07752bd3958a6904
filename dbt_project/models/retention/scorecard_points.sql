with

measures as (select * from {{ ref('scorecard_measures') }}),

rules as (select * from {{ ref('warning_scorecard') }}),

fired as (
    select
        measures.snapshot_month,
        measures.subscriber_id,
        rules.rule_id,
        cast(measures.numerator as double) / cast(measures.denominator as double) as observed_value,
        cast(rules.threshold as decimal(18, 4)) as threshold,
        cast(rules.points as integer) as points
    from measures
    inner join rules on measures.measure = rules.measure
    where
        {{ rule_is_valid('measures.snapshot_month') }}
        and (rules.applies_to = 'all' or (rules.applies_to = 'key_account' and measures.key_account_class is not null))
        and {{ rule_fires('measures.numerator', 'rules.operator', 'rules.threshold', 'measures.denominator') }}
)

select * from fired
