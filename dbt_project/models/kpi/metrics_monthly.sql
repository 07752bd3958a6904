{{ config(meta={'rewrites_open_months': true}) }}

{#- Names of semantic models and of the tables they describe; what is counted of them stands in _kpi__metrics.yml. -#}
{%- set semantic_models = ['kpi_monthly', 'tier_moves'] %}
{%- set cell = ['snapshot_month', 'branch_id', 'brand', 'value_tier'] %}

with

parameters as (select * from {{ ref('int_parameters') }}),

newest_month as (select max(snapshot_month) as snapshot_month from {{ ref('kpi_monthly') }}),

-- 0 and 1: a row counts for its own branch or brand and for all of them.
totals as (
    select 0 as is_total
    union all
    select 1 as is_total
),
{% for name in semantic_models %}
{{ name }}_cells as (
    select
        {%- for dimension in cell %}
        {{ semantic_dimension(name, dimension) }} as {{ dimension }}
        {%- if not loop.last or semantic_measures(name) %},{% endif %}
        {%- endfor %}
        {%- for measure in semantic_measures(name) %}
        {{ measure.expression }} as {{ measure.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref(name) }}
    where
        snapshot_month >= {{ add_months(first_open_month(), -12) }}
        and snapshot_month <= {{ run_month('to_month') }}
),
{% endfor %}
tiers as (
    {%- for name in semantic_models %}
    select value_tier from {{ name }}_cells{{ ' union' if not loop.last }}
    {%- endfor %}
),

-- What was in no tier counts for all of them and has no rows of its own.
tier_levels as (
    select value_tier as tier, value_tier from tiers where value_tier <> 'none'
    union all
    select value_tier as tier, 'mid_high' as value_tier from tiers where value_tier in ('mid', 'high')
    union all
    select value_tier as tier, 'all' as value_tier from tiers
),
{% for name in semantic_models %}
{{ name }}_levels as (
    select
        cells.snapshot_month,
        case when branches.is_total = 1 then 'all' else cells.branch_id end as branch_id,
        case when brands.is_total = 1 then 'all' else cells.brand end as brand,
        tier_levels.value_tier
        {%- for measure in semantic_measures(name) %},
        cells.{{ measure.name }}
        {%- endfor %}
    from {{ name }}_cells as cells
    cross join totals as branches
    cross join totals as brands
    inner join tier_levels on cells.value_tier = tier_levels.tier
),

{{ name }}_sums as (
    select
        {{ cell | join(', ') }}
        {%- for measure in semantic_measures(name) %},
        cast(sum({{ measure.name }}) as decimal(18, 2)) as {{ measure.name }}
        {%- endfor %}
    from {{ name }}_levels
    group by {{ cell | join(', ') }}
),
{% endfor %}
measured as (
    {%- for metric in reported_metrics() %}
    select
        {{ cell | join(', ') }},
        '{{ metric.name }}' as metric,
        '{{ metric.unit }}' as unit,
        {{ 'true' if metric.counts_stops else 'false' }} as counts_stops,
        {{ 'true' if metric.counts_answers else 'false' }} as counts_answers,
        {%- if metric.denominator %}
        cast({{ metric.numerator }} as double) / nullif(cast({{ metric.denominator }} as double), 0) as metric_value,
        {%- else %}
        cast({{ metric.numerator }} as double) as metric_value,
        {%- endif %}
        cast({{ metric.numerator }} as decimal(18, 2)) as numerator,
        cast({{ metric.denominator or 'null' }} as decimal(18, 2)) as denominator
    from {{ metric.semantic_model }}_sums
    {{ 'union all' if not loop.last }}
    {%- else %}
    select * from tiers
    {%- endfor %}
),

final as (
    select
        measured.snapshot_month,
        measured.branch_id,
        measured.brand,
        measured.value_tier,
        measured.metric,
        measured.unit,
        measured.metric_value as value,
        measured.numerator,
        measured.denominator,
        {%- for period in ['month', 'year'] %}
        {{ period }}_before.metric_value as value_{{ period }}_before,
        {%- endfor %}
        {%- for period in ['month', 'year'] %}
        case
            when measured.unit = 'rate' then measured.metric_value - {{ period }}_before.metric_value
            else (measured.metric_value - {{ period }}_before.metric_value) / nullif(abs({{ period }}_before.metric_value), 0)
        end as {{ period }}_on_{{ period }}{{ ',' if not loop.last }}
        {%- endfor %},
        (
            not measured.counts_stops
            or {{ month_number('measured.snapshot_month') }}
            <= {{ month_number('newest_month.snapshot_month') }} - parameters.silence_months
        )
        and (not measured.counts_answers or measured.snapshot_month < newest_month.snapshot_month) as is_settled
    from measured
    cross join parameters
    cross join newest_month
    {%- for period, months in [('month', 1), ('year', 12)] %}
    left join measured as {{ period }}_before
        on measured.snapshot_month = {{ add_months(period ~ '_before.snapshot_month', months) }}
        and coalesce(measured.branch_id, '') = coalesce({{ period }}_before.branch_id, '')
        and coalesce(measured.brand, '') = coalesce({{ period }}_before.brand, '')
        and measured.value_tier = {{ period }}_before.value_tier
        and measured.metric = {{ period }}_before.metric
    {%- endfor %}
    where measured.snapshot_month >= {{ first_open_month() }}
)

select * from final
