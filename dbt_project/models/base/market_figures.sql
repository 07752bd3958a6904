with

external_metrics as (select * from {{ ref('stg_market__external_metrics') }}),

figures as (
    select
        figures.landed_month as snapshot_month,
        figures.metric,
        figures.segment,
        figures.value,
        month_before.value as value_month_before,
        year_before.value as value_year_before
    from external_metrics as figures
    {%- for name, months in [('month_before', -1), ('year_before', -12)] %}
    left join external_metrics as {{ name }}
        on {{ add_months('figures.landed_month', months) }} = {{ name }}.landed_month
        and figures.metric = {{ name }}.metric
        and figures.segment = {{ name }}.segment
    {%- endfor %}
    where {{ in_run('figures.landed_month') }}
)

select * from figures
