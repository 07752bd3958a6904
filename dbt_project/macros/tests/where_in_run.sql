{% macro get_where_subquery(relation) -%}
    {#- `where: "<column> in run"` keeps a test of a growing table to the months of this run. -#}
    {%- set where = config.get('where') -%}
    {%- if where and where.endswith(' in run') -%}
        (select * from {{ relation }} where {{ in_run(where[:-7]) }}) run_months
    {%- elif where -%}
        (select * from {{ relation }} where {{ where }}) filtered
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}
