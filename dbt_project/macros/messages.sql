{% macro failing_with_messages(query) -%}
    {#- A singular test whose failure says what is wrong: `query` selects one column, `message`, a row a fault. -#}
    {%- if execute and flags.WHICH in ['build', 'test'] -%}
        {%- set messages = run_query(query).columns[0].values() -%}
        {%- if messages -%}{{ exceptions.raise_compiler_error(messages | sort | join('; ')) }}{%- endif -%}
    {%- endif -%}
    {{ query }}
{%- endmacro %}
