with

months_landed as (select * from {{ ref('int_months_landed') }} where {{ in_run('snapshot_month') }}),

calendar as (select * from {{ ref('calendar') }}),

day_numbers as (
    {%- for day_number in range(45) %}
    select {{ day_number }} as day_number{{ ' union all' if not loop.last }}
    {%- endfor %}
),

days as (
    select
        months_landed.snapshot_month,
        cast({{ dbt.dateadd('day', 'day_numbers.day_number', 'months_landed.next_month') }} as date) as calendar_date
    from months_landed
    cross join day_numbers
),

-- Monday to Friday, unless the calendar says otherwise; 2001-01-01 was a Monday.
working_days as (
    select
        days.snapshot_month,
        days.calendar_date,
        row_number() over (partition by days.snapshot_month order by days.calendar_date) as working_days_to_due
    from days
    left join calendar on days.calendar_date = calendar.calendar_date
    where
        coalesce(
            calendar.is_working_day,
            mod({{ dbt.datediff("cast('2001-01-01' as date)", 'days.calendar_date', 'day') }}, 7) < 5
        )
)

select
    snapshot_month,
    cast(working_days_to_due as integer) as working_days_to_due,
    calendar_date as due_date
from working_days
