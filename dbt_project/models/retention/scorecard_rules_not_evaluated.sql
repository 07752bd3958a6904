with

measures as (select * from {{ ref('scorecard_measures') }}),

rules as (select * from {{ ref('warning_scorecard') }}),

not_evaluated as (
    select
        measures.snapshot_month,
        measures.subscriber_id,
        rules.rule_id
    from measures
    inner join rules on measures.measure = rules.measure
    where
        {{ rule_is_valid('measures.snapshot_month') }}
        and (
            measures.numerator is null
            or measures.denominator is null
            or (rules.applies_to = 'key_account' and measures.key_account_class is null)
        )
)

select * from not_evaluated
