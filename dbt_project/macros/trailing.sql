{#-
    Trailing statistics of one measure, as columns. They need the windows of `trailing_windows()`: ranges of
    month numbers, so that a missing month is missing and never silently bridged. Sums are of decimals or
    integers, so the order of threads cannot move the last digit; the division comes last.
-#}

{% macro trailing_windows() -%}
    window
        month_before as (partition by subscriber_id order by month_number range between 1 preceding and 1 preceding),
        year_before as (partition by subscriber_id order by month_number range between 12 preceding and 12 preceding),
        three_months as (partition by subscriber_id order by month_number range between 2 preceding and current row),
        six_months as (partition by subscriber_id order by month_number range between 5 preceding and current row)
{%- endmacro %}

{% macro trailing_mean(measure, window) -%}
    cast(sum({{ measure }}) over {{ window }} as double) / nullif(count({{ measure }}) over {{ window }}, 0)
{%- endmacro %}

{% macro trailing_deviation(measure, window) -%}
    {#- Population deviation from exact sums of squares. -#}
    sqrt(greatest(
        cast(sum(cast({{ measure }} as decimal(18, 2)) * cast({{ measure }} as decimal(18, 2))) over {{ window }} as double)
            / nullif(count({{ measure }}) over {{ window }}, 0)
        - power({{ trailing_mean(measure, window) }}, 2),
        0
    ))
{%- endmacro %}

{% macro trailing_slope(measure, window) -%}
    {#- Least squares per month over the months there are; null with fewer than two. -#}
    (
        count({{ measure }}) over {{ window }} * cast(sum({{ measure }} * month_number) over {{ window }} as double)
        - cast(sum(case when {{ measure }} is not null then month_number end) over {{ window }} as double)
        * cast(sum({{ measure }}) over {{ window }} as double)
    ) / nullif(
        count({{ measure }}) over {{ window }}
        * sum(case when {{ measure }} is not null then month_number * month_number end) over {{ window }}
        - power(sum(case when {{ measure }} is not null then month_number end) over {{ window }}, 2),
        0
    )
{%- endmacro %}

{% macro share(part, whole) -%}
    case when {{ whole }} > 0 then cast({{ part }} as double) / cast({{ whole }} as double) end
{%- endmacro %}

{% macro trailing_statistics(measure) -%}
    cast({{ measure }} as double) as {{ measure }},
    cast(max({{ measure }}) over month_before as double) as {{ measure }}_previous,
    {{ share(measure, 'max(' ~ measure ~ ') over month_before') }} as {{ measure }}_ratio_1m,
    {{ share(measure, 'max(' ~ measure ~ ') over year_before') }} as {{ measure }}_ratio_12m,
    {{ trailing_mean(measure, 'three_months') }} as {{ measure }}_mean_3m,
    {{ trailing_mean(measure, 'six_months') }} as {{ measure }}_mean_6m,
    cast(min({{ measure }}) over three_months as double) as {{ measure }}_min_3m,
    cast(min({{ measure }}) over six_months as double) as {{ measure }}_min_6m,
    cast(max({{ measure }}) over three_months as double) as {{ measure }}_max_3m,
    cast(max({{ measure }}) over six_months as double) as {{ measure }}_max_6m,
    {{ trailing_deviation(measure, 'three_months') }} as {{ measure }}_deviation_3m,
    {{ trailing_deviation(measure, 'six_months') }} as {{ measure }}_deviation_6m,
    {{ trailing_slope(measure, 'three_months') }} as {{ measure }}_trend_3m,
    {{ trailing_slope(measure, 'six_months') }} as {{ measure }}_trend_6m,
    {{ share(measure, trailing_mean(measure, 'six_months')) }} as {{ measure }}_ratio_6m
{%- endmacro %}

{% macro trailing_levels(measure) -%}
    cast({{ measure }} as double) as {{ measure }},
    {{ trailing_mean(measure, 'three_months') }} as {{ measure }}_mean_3m,
    {{ trailing_mean(measure, 'six_months') }} as {{ measure }}_mean_6m,
    {{ share(measure, trailing_mean(measure, 'six_months')) }} as {{ measure }}_ratio_6m
{%- endmacro %}

{% macro trailing_sums(measure) -%}
    cast({{ measure }} as double) as {{ measure }},
    cast(sum({{ measure }}) over three_months as double) as {{ measure }}_sum_3m,
    cast(sum({{ measure }}) over six_months as double) as {{ measure }}_sum_6m
{%- endmacro %}
