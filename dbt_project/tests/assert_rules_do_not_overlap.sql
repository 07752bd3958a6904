-- Of one rule, at most one enabled version is valid in any month; two would both be applied. It is about pairs of rows of every
-- rule table, which no generic test can say. The failure names the rule and its versions.
{%- set rule_tables = [
    ('churn_rules', ['rule_id']),
    ('contact_stages', ['colour', 'stage_order']),
    ('lifecycle_stages', ['rule_id']),
    ('list_sizes', ['rule_id']),
    ('offers', ['offer_id']),
    ('responsibility_rules', ['rule_id']),
    ('retention_phases', ['rule_id']),
    ('retention_strategies', ['strategy_id']),
    ('service_costs', ['cost_id']),
    ('suppression_reasons', ['rule_id']),
    ('value_tiers', ['rule_id']),
    ('warning_conditions', ['rule_id']),
    ('warning_levels', ['rule_id']),
    ('warning_scorecard', ['rule_id']),
    ('what_ifs', ['what_if_id', 'feature']),
] %}
{%- set overlaps %}
{%- for rule_table, keys in rule_tables %}
select
    '{{ rule_table }}.csv: the version of '
    {%- for key in keys %} || cast(later.{{ key }} as varchar) || ' '{% endfor %}
    || 'from ' || cast(later.valid_from_month as varchar) || ' begins before the one from '
    || cast(earlier.valid_from_month as varchar) || ' ends; set its valid_to_month' as message
from {{ ref(rule_table) }} as earlier
inner join {{ ref(rule_table) }} as later
    on {% for key in keys %}earlier.{{ key }} = later.{{ key }} and {% endfor %}earlier.valid_from_month < later.valid_from_month
where
    earlier.enabled
    and later.enabled
    and (earlier.valid_to_month is null or earlier.valid_to_month >= later.valid_from_month)

union all

select
    '{{ rule_table }}.csv: ' || cast(count(*) as varchar) || ' versions of '
    {%- for key in keys %} || cast({{ key }} as varchar) || ' '{% endfor %}
    || 'begin with ' || cast(valid_from_month as varchar) || '; keep one of them' as message
from {{ ref(rule_table) }}
where enabled
group by {% for key in keys %}{{ key }}, {% endfor %}valid_from_month
having count(*) > 1
{{ 'union all' if not loop.last }}
{%- endfor %}
{%- endset %}
{{ failing_with_messages(overlaps) }}
