-- Every feature of the wide table, scorecard rule, churn flag and condition of a week has its row in cause_map.csv, and no
-- row there names anything else; else a reason could not be told. That nothing has two is a key of the seed. It compares
-- columns of one table with rows of others, which no generic test can.
{%- set columns = graph.nodes['model.retention.subscriber_features'].columns.values() if execute else [] %}
-- depends_on: {{ ref('subscriber_features') }}
with

items as (
    {%- for column in columns if column.config.meta.get('role') == 'feature' %}
    select 'feature' as item_type, '{{ column.name }}' as item_id
    union all
    {%- endfor %}
    select distinct 'scorecard_rule' as item_type, rule_id as item_id from {{ ref('warning_scorecard') }}
    union all
    select distinct 'churn_flag' as item_type, rule_id as item_id from {{ ref('churn_rules') }}
    union all
    select distinct 'warning_condition' as item_type, condition_id as item_id
    from {{ ref('warning_conditions') }}
    where dimension = 'special'
),

causes as (select item_type, item_id from {{ ref('cause_map') }})

select
    coalesce(items.item_type, causes.item_type) as item_type,
    coalesce(items.item_id, causes.item_id) as item_id,
    case when items.item_id is null then 'named in cause_map.csv only' else 'not in cause_map.csv' end as message
from items
full outer join causes on items.item_type = causes.item_type and items.item_id = causes.item_id
where items.item_id is null or causes.item_id is null
