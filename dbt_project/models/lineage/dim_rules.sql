{#-
    Each book: its id, which kind of thing of cause_map.csv it is (`cause_map` by which id), the model that measures, and where
    its own words for the common columns stand.
-#}
{%- set books = {
    'churn_rules': {
        'item_type': 'churn_flag', 'measured_in': 'int_churn_measures', 'measure': 'measure',
        'operator': 'operator', 'threshold': 'threshold', 'outcome': 'flag',
        'applies_to': "case when in_label then 'value_churn' end",
    },
    'lifecycle_stages': {
        'measure': 'measure', 'operator': 'operator', 'threshold': 'threshold', 'outcome': 'lifecycle_stage',
    },
    'offers': {
        'rule_id': 'offer_id', 'outcome': 'programme', 'cause': 'cause',
        'applies_to': "coalesce(value_tier, 'any')", 'label_en': 'name_en', 'label_zh': 'name_zh',
    },
    'responsibility_rules': {
        'measured_in': 'would_be_owners', 'measure': "'would_be_owners'", 'outcome': 'primary_unit_type',
        'applies_to': "customer_type || ' ' || area_type",
    },
    'retention_phases': {'outcome': 'phase', 'applies_to': 'situation'},
    'retention_strategies': {
        'rule_id': 'strategy_id', 'outcome': 'phase', 'cause': 'cause', 'applies_to': "coalesce(value_tier, 'any')",
        'label_en': 'actions_en', 'label_zh': 'actions_zh',
    },
    'suppression_reasons': {
        'measured_in': 'contact_suppressions', 'measure': 'fact', 'operator': 'operator', 'threshold': 'threshold',
        'outcome': 'reason',
    },
    'value_tiers': {
        'measured_in': 'subscriber_features', 'measure': "'value_tier'", 'operator': 'operator',
        'threshold': 'threshold', 'outcome': 'value_tier', 'applies_to': 'tier_method',
    },
    'warning_conditions': {
        'item_type': 'warning_condition', 'item_id': 'condition_id', 'measured_in': 'int_warning_measures',
        'measure': 'measure', 'operator': 'operator', 'threshold': 'threshold', 'points': 'points',
        'outcome': 'condition_id', 'applies_to': 'dimension',
    },
    'warning_levels': {
        'measured_in': 'churn_warnings', 'measure': 'measure', 'operator': 'operator', 'threshold': 'threshold', 'outcome': 'colour',
        'applies_to': 'contract_level',
    },
    'warning_scorecard': {
        'item_type': 'scorecard_rule', 'measured_in': 'scorecard_measures', 'measure': 'measure',
        'operator': 'operator', 'threshold': 'threshold', 'points': 'points', 'applies_to': 'applies_to',
        'outcome': "'scorecard_points'",
    },
} -%}
with

books as (
    {%- for book, words in books.items() %}
    select
        '{{ book }}' as rule_book,
        cast({{ words.get('rule_id', 'rule_id') }} as varchar) as rule_id,
        valid_from_month,
        valid_to_month,
        enabled,
        cast({{ words.get('applies_to', 'null') }} as varchar) as applies_to,
        cast({{ words.get('measured_in') and "'" ~ words.measured_in ~ "'" or 'null' }} as varchar) as measured_in,
        cast({{ words.get('measure', 'null') }} as varchar) as measure,
        cast({{ words.get('operator', 'null') }} as varchar) as operator,
        cast({{ words.get('threshold', 'null') }} as decimal(18, 4)) as threshold,
        cast({{ words.get('points', 'null') }} as integer) as points,
        cast({{ words.outcome }} as varchar) as outcome,
        cast({{ words.get('cause', 'null') }} as varchar) as own_cause,
        cast({{ words.get('label_en', 'null') }} as varchar) as own_label_en,
        cast({{ words.get('label_zh', 'null') }} as varchar) as own_label_zh,
        cast({{ words.get('item_type') and "'" ~ words.item_type ~ "'" or 'null' }} as varchar) as item_type,
        cast({{ words.get('item_id', words.get('rule_id', 'rule_id')) }} as varchar) as item_id,
        source,
        confidence
    from {{ ref(book) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

cause_map as (select * from {{ ref('cause_map') }}),

texts as (select * from {{ ref('texts') }}),

raw_tables as (
    select
        measured_in,
        measure,
        {{ dbt.listagg('table_name', "', '", 'order by table_name') }} as raw_tables
    from {{ ref('measure_sources') }}
    group by measured_in, measure
),

rules as (
    select
        books.rule_book,
        books.rule_id,
        books.valid_from_month,
        books.valid_to_month,
        books.enabled,
        coalesce(books.own_label_en, texts.en, cause_map.label_en, books.rule_id) as label_en,
        coalesce(books.own_label_zh, texts.zh, cause_map.label_zh, books.rule_id) as label_zh,
        books.applies_to,
        books.measured_in,
        books.measure,
        books.operator,
        books.threshold,
        books.points,
        books.outcome,
        coalesce(books.own_cause, cause_map.cause) as cause,
        books.source,
        books.confidence,
        raw_tables.raw_tables
    from books
    left join cause_map on books.item_type = cause_map.item_type and books.item_id = cause_map.item_id
    left join texts on 'rule.' || books.rule_id = texts.key
    left join raw_tables on books.measured_in = raw_tables.measured_in and books.measure = raw_tables.measure
)

select * from rules
