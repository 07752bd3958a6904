{#- The parts of assignment_lineage.sql: what a piece of evidence says, and how it finds its rule. -#}

{% macro evidence_columns() -%}
    {#- Columns of a piece of evidence beside the line of the list that it is about, and their types. -#}
    {{ return({
        'evidence_week': 'date', 'item_id': 'varchar', 'label_en': 'varchar', 'label_zh': 'varchar',
        'observed_value': 'double', 'operator': 'varchar', 'threshold': 'decimal(18, 4)',
        'points_or_contribution': 'double', 'cause': 'varchar', 'rule_book': 'varchar', 'rule_id': 'varchar',
        'valid_from_month': 'date', 'valid_to_month': 'date', 'source': 'varchar', 'confidence': 'varchar',
        'model_id': 'varchar', 'trained_for_month': 'date', 'measured_in': 'varchar', 'measure': 'varchar',
        'raw_tables': 'varchar', 'file_name': 'varchar', 'checksum': 'varchar',
    }) }}
{%- endmacro %}

{% macro columns_of_rule() -%}
    {#- What the version of the rule in force says; `rules` comes with evidence_rule. -#}
    {{ return({
        'item_id': 'rules.rule_id', 'label_en': 'rules.label_en', 'label_zh': 'rules.label_zh', 'cause': 'rules.cause',
        'operator': 'rules.operator', 'threshold': 'rules.threshold', 'rule_book': 'rules.rule_book',
        'rule_id': 'rules.rule_id', 'valid_from_month': 'rules.valid_from_month',
        'valid_to_month': 'rules.valid_to_month', 'source': 'rules.source', 'confidence': 'rules.confidence',
        'measured_in': 'rules.measured_in', 'measure': 'rules.measure', 'raw_tables': 'rules.raw_tables',
    }) }}
{%- endmacro %}

{% macro evidence_step(step_order, step, kind, values) -%}
    {#- The select of one step over `lists`, the month's list or the week's tasks; what it has no value for is null. -#}
    select
        {{ 'lists.snapshot_month' if kind == 'list' else 'lists.week_month' }} as snapshot_month,
        {{ 'cast(null as date)' if kind == 'list' else 'lists.warning_week' }} as warning_week,
        lists.subscriber_id,
        lists.assignment_id,
        {{ 'lists.list_kind' if kind == 'list' else "'weekly_task'" }} as list_kind,
        {{ step_order }} as step_order,
        '{{ step }}' as step
        {%- for column, data_type in evidence_columns().items() %},
        cast({{ values.get(column, 'null') }} as {{ data_type }}) as {{ column }}
        {%- endfor %}
{%- endmacro %}

{% macro evidence_rule(rule_book, month, condition) -%}
    left join {{ ref('dim_rules') }} as rules
        on rules.rule_book = '{{ rule_book }}'
        and {{ condition }}
        and {{ rule_is_valid(month) }}
{%- endmacro %}

{% macro raw_tables_of(model) -%}
    (
        select measure, {{ dbt.listagg('table_name', "', '", 'order by table_name') }} as raw_tables
        from {{ ref('dim_measure_sources') }}
        where measured_in = '{{ model }}'
        group by measure
    )
{%- endmacro %}
