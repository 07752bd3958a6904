{% macro random_share(text) -%}
    {#- A number from 0 to below 1 that looks drawn and is the same for the same text: the first 32 bits of its md5. -#}
    (
        {%- for digit in range(1, 9) %}
        cast({{ dbt.position("substr(" ~ dbt.hash(text) ~ ", " ~ digit ~ ", 1)", "'0123456789abcdef'") }} - 1 as double)
        / {{ 16 ** digit }}{{ ' +' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
