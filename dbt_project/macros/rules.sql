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

{% macro rule_is_valid(month, rules='rules') -%}
    {{ rules }}.enabled
    and {{ month }} >= {{ rules }}.valid_from_month
    and ({{ rules }}.valid_to_month is null or {{ month }} <= {{ rules }}.valid_to_month)
{%- endmacro %}
