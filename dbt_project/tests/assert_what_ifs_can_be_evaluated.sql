-- Every enabled what-if changes and compares features that are numbers or flags of the wide table, and the rows of one what-if
-- share condition and labels; another would never apply, or be told in words that are not its own. It compares rows of one seed
-- with each other and with the columns of a model, which no generic test does.
{%- set columns = graph.nodes['model.retention.subscriber_features'].columns.values() if execute else [] %}
{%- set numbers = [] %}
{%- for column in columns if column.config.meta.get('kind') in ('numeric', 'boolean') %}
{%- do numbers.append(column.name) %}
{%- endfor %}
-- depends_on: {{ ref('subscriber_features') }}
{%- set wrong %}
{%- for column in ['feature', 'condition_feature'] %}
select distinct
    'what_ifs.csv: ' || what_if_id || ' names the {{ column }} ' || {{ column }}
    || ', which is no number or flag of subscriber_features' as message
from {{ ref('what_ifs') }}
where enabled and {{ column }} not in ('{{ numbers | join("', '") }}')

union all
{% endfor %}
select
    'what_ifs.csv: rows of ' || what_if_id || ' from ' || cast(valid_from_month as varchar)
    || ' differ in condition or label; give them the same' as message
from {{ ref('what_ifs') }}
where enabled
group by what_if_id, valid_from_month
having
    min(condition_feature) <> max(condition_feature)
    or min(operator) <> max(operator)
    or min(threshold) <> max(threshold)
    or min(label_en) <> max(label_en)
    or min(label_zh) <> max(label_zh)
{%- endset %}
{{ failing_with_messages(wrong) }}
