{% test unique_combination(model, columns) %}
    {#- Rows of a key that stands more than once. -#}
    select {{ columns | join(', ') }}
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
