{% macro get_incremental_replace_months_sql(arg_dict) -%}
    {#-
        Deletes the run's months and inserts them again, in the model's one transaction: a subscriber who
        vanished from a month that came again leaves no ghost row. Models with meta `rewrites_open_months`
        hold answers that arrive late, and replace every month that may still have been open. In a weekly run
        a model with meta `week_column` replaces that week alone.
    -#}
    {%- set meta = config.get('meta', {}) -%}
    {%- set month_column = meta.get('month_column', 'snapshot_month') -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    {%- set first_month = first_open_month() if meta.get('rewrites_open_months') else run_month('from_month') -%}

    delete from {{ arg_dict['target_relation'] }}
    where {{ month_column }} >= {{ first_month }}
        and {{ month_column }} <= {{ run_month('to_month') }}
        {%- if meta.get('week_column') and run_week() %}
        and {{ meta['week_column'] }} = {{ run_week() }}
        {%- endif %};

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{%- endmacro %}
