-- Every enabled rule compares a measure that its model provides; another would never fire and nobody would notice. The models
-- name their measures in their SQL, so that the claim holds in a month without candidates too. The failure names the rule.
{%- set rule_tables = [
    ('churn_rules', 'int_churn_measures'),
    ('lifecycle_stages', 'int_lifecycle_stages_judged'),
    ('list_sizes', 'list_comparison'),
    ('value_tiers', 'int_value_tiers_judged'),
    ('warning_conditions', 'int_warning_measures'),
    ('warning_levels', 'churn_warnings'),
    ('warning_scorecard', 'scorecard_measures'),
] %}
{%- set unknown %}
{%- for rule_table, model in rule_tables %}
{%- set node = graph.nodes['model.retention.' ~ model] if execute %}
{%- set words = modules.re.findall("'([a-z0-9_]+)'", node.raw_code) if execute else [] %}
select
    '{{ rule_table }}.csv: rule ' || rule_id || ' names the measure ' || measure
    || ', which {{ model }} does not provide' as message
from {{ ref(rule_table) }}
where enabled and measure not in ('{{ words | unique | join("', '") }}')
{{ 'union all' if not loop.last }}
{%- endfor %}
{%- endset %}
{{ failing_with_messages(unknown) }}
