-- Every cause, phase and lifecycle stage that a rule names is of its list; a misspelt one would never apply and nobody would
-- notice. It compares columns of several seeds with the lists, and the failure names file and row, which no generic test does.
{%- set names = [
    ('cause_map', 'item_id', 'cause', 'causes'),
    ('offers', 'offer_id', 'cause', 'causes'),
    ('offers', 'offer_id', 'phase', 'retention_phases'),
    ('retention_strategies', 'strategy_id', 'cause', 'causes'),
    ('retention_strategies', 'strategy_id', 'phase', 'retention_phases'),
    ('retention_strategies', 'strategy_id', 'lifecycle_stage', 'lifecycle_stages'),
] %}
{%- set unknown %}
{%- for rule_table, key, column, list in names %}
select distinct
    '{{ rule_table }}.csv: ' || rules.{{ key }} || ' names the {{ column }} ' || rules.{{ column }}
    || ', which is not in {{ list }}.csv' as message
from {{ ref(rule_table) }} as rules
left join {{ ref(list) }} as names on rules.{{ column }} = names.{{ column }}
where rules.{{ column }} is not null and names.{{ column }} is null
{{ 'union all' if not loop.last }}
{%- endfor %}
{%- endset %}
{{ failing_with_messages(unknown) }}
