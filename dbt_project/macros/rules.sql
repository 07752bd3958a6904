{% macro rule_fires(numerator, operator, threshold, denominator='1') -%}
    {#-
        One way to compare: `numerator <operator> threshold * denominator`, so that a rate is never divided
        and a bound is met exactly. Null in, null out.
    -#}
    case {{ operator }}
        when '<' then {{ numerator }} < {{ threshold }} * {{ denominator }}
        when '<=' then {{ numerator }} <= {{ threshold }} * {{ denominator }}
        when '>' then {{ numerator }} > {{ threshold }} * {{ denominator }}
        when '>=' then {{ numerator }} >= {{ threshold }} * {{ denominator }}
        when '=' then {{ numerator }} = {{ threshold }} * {{ denominator }}
    end
{%- endmacro %}

{% macro measured_rule_fires(measures) -%}
    {#- The rule of the row fires on its own measure; `measures` are names with numerator and denominator. -#}
    {%- for measure, numerator, denominator in measures %}
    {{ 'or ' if not loop.first }}(
        rules.measure = '{{ measure }}'
        and {{ rule_fires(numerator, 'rules.operator', 'rules.threshold', denominator) }}
    )
    {%- endfor %}
{%- endmacro %}

{% macro rule_is_valid(month, rules='rules') -%}
    {{ rules }}.enabled
    and {{ month }} >= {{ rules }}.valid_from_month
    and ({{ rules }}.valid_to_month is null or {{ month }} <= {{ rules }}.valid_to_month)
{%- endmacro %}
