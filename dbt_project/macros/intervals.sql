{% macro wilson_bound(rate, sample_size, quantile, side) -%}
    {#-
        One bound of Wilson's interval of a rate (1927): `side` is + or -. The sample size may be an effective
        one; the interval has a width where nobody, or everybody, is counted, too.
    -#}
    (
        (
            {{ rate }} + {{ quantile }} * {{ quantile }} / (2 * {{ sample_size }})
            {{ side }} {{ quantile }} * sqrt(
                {{ rate }} * (1 - {{ rate }}) / {{ sample_size }}
                + {{ quantile }} * {{ quantile }} / (4 * {{ sample_size }} * {{ sample_size }})
            )
        )
        / (1 + {{ quantile }} * {{ quantile }} / {{ sample_size }})
    )
{%- endmacro %}

{% macro exact_sum(value, scale=18) -%}
    {#- Sum of doubles as decimals: the order in which threads add them cannot move the last digit. -#}
    cast(sum(cast({{ value }} as decimal(38, {{ scale }}))) as double)
{%- endmacro %}
