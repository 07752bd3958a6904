{{ config(materialized='table') }}

with

months_landed as (select * from {{ ref('int_months_landed') }}),

tables_available as (select * from {{ ref('int_tables_available') }}),

parameters as (select * from {{ ref('int_parameters') }}),

week_numbers as (
    {%- for week_number in range(5) %}
    select {{ week_number }} as week_number{{ ' union all' if not loop.last }}
    {%- endfor %}
),

-- A week takes its candidates from the month before the one it begins in. 2001-01-03 was a Wednesday.
first_weeks as (
    select
        snapshot_month as base_month,
        next_month,
        cast({{
            dbt.dateadd('day', "mod(7 - mod(" ~ dbt.datediff("cast('2001-01-03' as date)", 'next_month', 'day') ~ ", 7), 7)", 'next_month')
        }} as date) as first_wednesday
    from months_landed
),

begun as (
    select
        first_weeks.base_month,
        first_weeks.next_month,
        cast({{ dbt.dateadd('day', 'week_numbers.week_number * 7', 'first_weeks.first_wednesday') }} as date) as first_day
    from first_weeks
    cross join week_numbers
),

weeks as (
    select
        {{ add_days('first_day', 7) }} as warning_week,
        first_day,
        {{ add_days('first_day', 6) }} as last_day,
        {{ month_of(add_days('first_day', 6)) }} as week_month,
        base_month
    from begun
    where {{ month_of('first_day') }} = next_month
),

-- The week before is judged too: what is new in a week depends on it.
weeks_in_run as (
    select
        *,
        {{ week_in_run('warning_week') }} as is_in_run
    from weeks
    where {{ week_in_run('warning_week') }} or {{ week_in_run(add_days('warning_week', 7)) }}
),

usage_months as (
    select landed_month, max(usage_date) as last_usage_date
    from {{ ref('stg_usage__usage_daily') }}
    where {{ in_run_with_history('landed_month', 2) }}
    group by landed_month
),

usage_known as (
    select
        weeks_in_run.warning_week,
        sum(case when usage_months.landed_month >= {{ month_of('weeks_in_run.first_day') }} then 1 else 0 end)
            as months_of_week,
        count(*) as months_of_five_weeks,
        max(usage_months.last_usage_date) as last_usage_date
    from weeks_in_run
    inner join usage_months
        on weeks_in_run.week_month >= usage_months.landed_month
        and {{ month_of(add_days('weeks_in_run.first_day', -28)) }} <= usage_months.landed_month
    group by weeks_in_run.warning_week
),

-- The newest closed month says which optional tables an open one has.
tables_known as (
    select
        weeks_in_run.warning_week,
        tables_available.has_contracts,
        tables_available.has_complaints,
        row_number() over (
            partition by weeks_in_run.warning_week order by tables_available.snapshot_month desc
        ) as newest_first
    from weeks_in_run
    inner join tables_available on weeks_in_run.week_month >= tables_available.snapshot_month
),

described as (
    select
        weeks_in_run.warning_week,
        weeks_in_run.first_day,
        weeks_in_run.last_day,
        weeks_in_run.week_month,
        weeks_in_run.base_month,
        weeks_in_run.is_in_run,
        tables_known.has_contracts,
        tables_known.has_complaints,
        parameters.usage_grain = 'daily'
        and coalesce(usage_known.months_of_week, 0)
        = {{ month_number('weeks_in_run.week_month') }} - {{ month_number('weeks_in_run.first_day') }} + 1
            as has_usage_of_week,
        -- The partial extract of an open month would make everybody fall.
        parameters.usage_grain = 'daily'
        and coalesce(usage_known.months_of_five_weeks, 0)
        = {{ month_number('weeks_in_run.week_month') }} - {{ month_number(add_days('weeks_in_run.first_day', -28)) }} + 1
        and (closed_months.snapshot_month is not null or coalesce(usage_known.last_usage_date >= weeks_in_run.last_day, false))
            as has_usage_of_five_weeks
    from weeks_in_run
    cross join parameters
    inner join tables_known
        on weeks_in_run.warning_week = tables_known.warning_week and tables_known.newest_first = 1
    left join usage_known on weeks_in_run.warning_week = usage_known.warning_week
    left join months_landed as closed_months on weeks_in_run.week_month = closed_months.snapshot_month
)

select * from described
