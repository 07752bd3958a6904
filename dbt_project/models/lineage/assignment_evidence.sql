{{ config(materialized='view', schema='retention', group='market_department') }}

{#- A branch a step, each from the list itself: a filter on assignment_id or snapshot_month reaches every table. -#}
{%- set of_rule = columns_of_rule() -%}
{{ evidence_step(1, 'owner_rule', 'list', of_rule) }}
from {{ source('retention', 'responsibilities') }} as lists
left join {{ ref('lost_subscribers') }} as lost
    on lists.list_kind = 'lost'
    and lists.snapshot_month = lost.snapshot_month
    and lists.subscriber_id = lost.subscriber_id
-- A stopped line belongs to whoever it belonged to in its last active month.
inner join {{ ref('dim_subscribers') }} as subscribers
    on coalesce(lost.last_active_month, lists.snapshot_month) = subscribers.snapshot_month
    and lists.subscriber_id = subscribers.subscriber_id
{{ evidence_rule(
    'responsibility_rules', 'lists.snapshot_month',
    "rules.applies_to = subscribers.customer_type || ' ' || coalesce(subscribers.area_type, 'rural')",
) }}

union all

{{ evidence_step(1, 'owner_rule', 'task', of_rule) }}
from {{ source('retention', 'contact_tasks') }} as lists
inner join {{ ref('churn_warnings') }} as warnings
    on lists.warning_week = warnings.warning_week and lists.subscriber_id = warnings.subscriber_id
inner join {{ ref('dim_subscribers') }} as subscribers
    on warnings.base_month = subscribers.snapshot_month and warnings.subscriber_id = subscribers.subscriber_id
{{ evidence_rule(
    'responsibility_rules', 'warnings.base_month',
    "rules.applies_to = subscribers.customer_type || ' ' || coalesce(subscribers.area_type, 'rural')",
) }}

-- The colour of a month is that of its highest weeks.
{% for of, table, month, weeks in [
    ('list', 'responsibilities', 'lists.snapshot_month', 'lists.snapshot_month = warnings.week_month'),
    ('task', 'contact_tasks', 'lists.week_month', 'lists.warning_week = warnings.warning_week'),
] %}
union all

{{ evidence_step(2, 'colour', of, dict(
    of_rule, evidence_week='warnings.warning_week', observed_value='warnings.condition_count'
)) }}
from {{ source('retention', table) }} as lists
inner join {{ ref('churn_warnings') }} as warnings
    on {{ weeks }}
    and lists.subscriber_id = warnings.subscriber_id
    and lists.colour = warnings.colour
{{ evidence_rule(
    'warning_levels', month,
    "rules.outcome = warnings.colour and rules.applies_to = coalesce(cast(warnings.contract_level as varchar), 'unknown')",
) }}
{% endfor %}

{% for of, table, month, weeks in [
    ('list', 'responsibilities', 'lists.snapshot_month', 'lists.snapshot_month = warnings.week_month'),
    ('task', 'contact_tasks', 'lists.week_month', 'lists.warning_week = warnings.warning_week'),
] %}
union all

{{ evidence_step(3, 'warning_condition', of, dict(
    of_rule, evidence_week='warnings.warning_week', item_id='warnings.condition_id', rule_id='warnings.rule_id',
    observed_value='warnings.observed_value', threshold='warnings.threshold', points_or_contribution='warnings.points',
)) }}
from {{ source('retention', table) }} as lists
inner join {{ ref('warning_evidence') }} as warnings
    on {{ weeks }}
    and lists.subscriber_id = warnings.subscriber_id
{{ evidence_rule('warning_conditions', month, 'rules.rule_id = warnings.rule_id') }}
{% endfor %}

union all

{{ evidence_step(4, 'scorecard_rule', 'list', dict(
    of_rule, item_id='fired.rule_id', rule_id='fired.rule_id', observed_value='fired.observed_value',
    threshold='fired.threshold', points_or_contribution='fired.points',
)) }}
from {{ source('retention', 'responsibilities') }} as lists
inner join {{ ref('scorecard_points') }} as fired
    on lists.snapshot_month = fired.snapshot_month and lists.subscriber_id = fired.subscriber_id
{{ evidence_rule('warning_scorecard', 'lists.snapshot_month', 'rules.rule_id = fired.rule_id') }}

union all

{{ evidence_step(5, 'value_flag', 'list', dict(
    of_rule, item_id='fired.rule_id', rule_id='fired.rule_id', observed_value='fired.observed_value',
    threshold='fired.threshold',
)) }}
from {{ source('retention', 'responsibilities') }} as lists
inner join {{ ref('lost_subscribers') }} as lost
    on lists.list_kind = 'lost'
    and lost.lost_kind = 'value_churn'
    and lists.snapshot_month = lost.snapshot_month
    and lists.subscriber_id = lost.subscriber_id
inner join {{ ref('churn_flag_evidence') }} as fired
    on lists.snapshot_month = fired.snapshot_month and lists.subscriber_id = fired.subscriber_id
inner join {{ ref('dim_rules') }} as rules
    on rules.rule_book = 'churn_rules'
    and fired.rule_id = rules.rule_id
    and rules.applies_to = 'value_churn'
    and {{ rule_is_valid('lists.snapshot_month') }}

union all

{{ evidence_step(6, 'stop', 'list', {
    'item_id': 'coalesce(lost.stop_kind, lost.lost_kind)', 'measured_in': "'lost_subscribers'",
    'measure': 'rests_on.measure', 'raw_tables': 'rests_on.raw_tables',
}) }}
from {{ source('retention', 'responsibilities') }} as lists
inner join {{ ref('lost_subscribers') }} as lost
    on lists.list_kind = 'lost'
    and lost.lost_kind <> 'value_churn'
    and lists.snapshot_month = lost.snapshot_month
    and lists.subscriber_id = lost.subscriber_id
cross join {{ raw_tables_of('lost_subscribers') }} as rests_on

union all

{{ evidence_step(7, 'model_release', 'list', {
    'item_id': 'releases.decided_by', 'label_en': 'releases.reason_en', 'label_zh': 'releases.reason_zh',
    'model_id': 'releases.model_id', 'trained_for_month': 'models.trained_for_month',
    'observed_value': 'models.top_decile_lift',
}) }}
from {{ source('retention', 'responsibilities') }} as lists
inner join {{ source('ml', 'churn_scores') }} as scores
    on lists.snapshot_month = scores.snapshot_month and lists.subscriber_id = scores.subscriber_id
inner join {{ source('ml', 'releases') }} as releases
    on scores.snapshot_month = releases.snapshot_month and scores.model_id = releases.model_id
left join {{ source('ml', 'models') }} as models on scores.model_id = models.model_id

union all

{{ evidence_step(8, 'model_score', 'list', {
    'item_id': 'scores.model_id', 'observed_value': 'scores.churn_probability', 'model_id': 'scores.model_id',
    'trained_for_month': 'models.trained_for_month', 'checksum': 'models.checksum',
    'file_name': "'models/' || scores.model_id || '/model.ubj'",
}) }}
from {{ source('retention', 'responsibilities') }} as lists
inner join {{ source('ml', 'churn_scores') }} as scores
    on lists.snapshot_month = scores.snapshot_month and lists.subscriber_id = scores.subscriber_id
left join {{ source('ml', 'models') }} as models on scores.model_id = models.model_id

union all

{{ evidence_step(9, 'model_reason', 'list', {
    'item_id': 'reasons.feature', 'label_en': 'reasons.sentence_en', 'label_zh': 'reasons.sentence_zh',
    'points_or_contribution': 'reasons.contribution', 'cause': 'reasons.cause', 'model_id': 'scores.model_id',
    'trained_for_month': 'models.trained_for_month', 'measured_in': "'subscriber_features'",
    'measure': 'reasons.feature', 'raw_tables': 'rests_on.raw_tables',
}) }}
from {{ source('retention', 'responsibilities') }} as lists
inner join {{ source('ml', 'churn_reasons') }} as reasons
    on lists.snapshot_month = reasons.snapshot_month and lists.subscriber_id = reasons.subscriber_id
inner join {{ source('ml', 'churn_scores') }} as scores
    on reasons.snapshot_month = scores.snapshot_month and reasons.subscriber_id = scores.subscriber_id
left join {{ source('ml', 'models') }} as models on scores.model_id = models.model_id
left join {{ raw_tables_of('subscriber_features') }} as rests_on on reasons.feature = rests_on.measure

union all

-- Above nought it alone puts a customer among those at risk.
{{ evidence_step(10, 'expected_benefit', 'list', {
    'item_id': "'expected_benefit'", 'observed_value': 'lists.expected_benefit',
    'operator': "case when lists.list_kind = 'at_risk' then '>' end",
    'threshold': "case when lists.list_kind = 'at_risk' then 0 end",
}) }}
from {{ source('retention', 'responsibilities') }} as lists
where lists.expected_benefit is not null

{% for of, table, month in [
    ('list', 'responsibilities', 'lists.snapshot_month'), ('task', 'contact_tasks', 'lists.week_month'),
] %}
union all

{{ evidence_step(11, 'suppression', of, dict(of_rule, item_id='lists.suppression_reason')) }}
from {{ source('retention', table) }} as lists
{{ evidence_rule('suppression_reasons', month, 'rules.outcome = lists.suppression_reason') }}
where lists.suppression_reason is not null
{% endfor %}

union all

{{ evidence_step(12, 'strategy', 'list', dict(of_rule, item_id='lists.strategy_id', rule_id='lists.strategy_id')) }}
from {{ source('retention', 'responsibilities') }} as lists
{{ evidence_rule('retention_strategies', 'lists.snapshot_month', 'rules.rule_id = lists.strategy_id') }}
where lists.strategy_id is not null

union all

{{ evidence_step(13, 'offer', 'list', dict(
    of_rule, item_id='lists.offer_id', rule_id='lists.offer_id', observed_value='lists.expected_benefit'
)) }}
from {{ source('retention', 'responsibilities') }} as lists
{{ evidence_rule('offers', 'lists.snapshot_month', 'rules.rule_id = lists.offer_id') }}
where lists.offer_id is not null
