{% macro run_month(name) -%}
    {#- The month is spliced into SQL, so nothing but a first of month may come through. -#}
    {%- set month = var(name, '') | string -%}
    {%- if execute and not modules.re.match('^[0-9]{4}-(0[1-9]|1[0-2])-01$', month) -%}
        {{ exceptions.raise_compiler_error(
            "The variable '" ~ name ~ "' is '" ~ month ~ "'; it must be the first day of a month, such as 2026-01-01."
            ~ " `retention run` passes it."
        ) }}
    {%- endif -%}
    cast('{{ month if execute else "1900-01-01" }}' as date)
{%- endmacro %}

{% macro run_week() -%}
    {#- The Wednesday of a weekly run; none in a monthly one. -#}
    {%- set week = var('warning_week', '') | string -%}
    {%- if week and execute -%}
        {%- set problem = "The variable 'warning_week' is '" ~ week ~ "'; it must be the Wednesday after a week that ends in the"
            ~ " month of from_month and to_month, such as 2026-07-15. `retention warn` passes it." -%}
        {%- if not modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', week) -%}
            {{ exceptions.raise_compiler_error(problem) }}
        {%- endif -%}
        {%- set wednesday = modules.datetime.date.fromisoformat(week) -%}
        {%- set month = (wednesday - modules.datetime.timedelta(days=1)).replace(day=1).isoformat() -%}
        {%- if wednesday.isoweekday() != 3 or var('from_month') != month or var('to_month') != month -%}
            {{ exceptions.raise_compiler_error(problem) }}
        {%- endif -%}
    {%- endif -%}
    {%- if week -%}cast('{{ week }}' as date){%- endif -%}
{%- endmacro %}

{% macro week_in_run(warning_week) -%}
    {#- In a weekly run the one week; else every week that ends in a month of the run. -#}
    {%- if run_week() -%}
        {{ warning_week }} = {{ run_week() }}
    {%- else -%}
        {{ in_run(month_of(add_days(warning_week, -1))) }}
    {%- endif -%}
{%- endmacro %}

{% macro add_days(day, count) -%}
    cast({{ dbt.dateadd('day', count, day) }} as date)
{%- endmacro %}

{% macro in_run(column) -%}
    {{ column }} between {{ run_month('from_month') }} and {{ run_month('to_month') }}
{%- endmacro %}

{% macro in_run_with_history(column, months) -%}
    {{ column }} between {{ add_months(run_month('from_month'), -months) }} and {{ run_month('to_month') }}
{%- endmacro %}

{% macro add_months(month, count) -%}
    cast({{ dbt.dateadd('month', count, month) }} as date)
{%- endmacro %}

{% macro month_end(month) -%}
    cast({{ dbt.dateadd('day', -1, dbt.dateadd('month', 1, month)) }} as date)
{%- endmacro %}

{% macro month_of(moment) -%}
    cast({{ dbt.date_trunc('month', moment) }} as date)
{%- endmacro %}

{% macro month_number(month) -%}
    {#- Months as integers: differences mean the same on every engine. -#}
    cast(extract(year from {{ month }}) * 12 + extract(month from {{ month }}) as integer)
{%- endmacro %}

{% macro whole_months_between(start_date, end_date) -%}
    (
        {{ month_number(end_date) }} - {{ month_number(start_date) }}
        - case when extract(day from {{ end_date }}) < extract(day from {{ start_date }}) then 1 else 0 end
    )
{%- endmacro %}

{% macro first_open_month() -%}
    {#- Silences, stops and labels of months from here on may still have been open before this run. -#}
    (
        select {{ add_months(run_month('from_month'), '-(gap_months + outcome_months + silence_months + 1)') }}
        from {{ ref('int_parameters') }}
    )
{%- endmacro %}

{% macro in_open_months(column) -%}
    {{ column }} >= {{ first_open_month() }} and {{ column }} <= {{ run_month('to_month') }}
{%- endmacro %}
