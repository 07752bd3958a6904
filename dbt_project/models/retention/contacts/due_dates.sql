with

months_landed as (select * from {{ ref('int_months_landed') }} where {{ in_run('snapshot_month') }}),

warning_weeks as (select warning_week from {{ ref('int_warning_weeks') }} where is_in_run),

calendar as (select * from {{ ref('calendar') }}),

day_numbers as (
    {%- for day_number in range(45) %}
    select {{ day_number }} as day_number{{ ' union all' if not loop.last }}
    {%- endfor %}
),

-- A list begins on the first day after its month, a week's tasks on its Wednesday.
beginnings as (
    select next_month as begins_on from months_landed
    union
    select warning_week as begins_on from warning_weeks
),

days as (
    select
        beginnings.begins_on,
        cast({{ dbt.dateadd('day', 'day_numbers.day_number', 'beginnings.begins_on') }} as date) as calendar_date
    from beginnings
    cross join day_numbers
),

-- Monday to Friday, unless the calendar says otherwise; 2001-01-01 was a Monday.
working_days as (
    select
        days.begins_on,
        days.calendar_date,
        row_number() over (partition by days.begins_on order by days.calendar_date) as working_days_to_due
    from days
    left join calendar on days.calendar_date = calendar.calendar_date
    where
        coalesce(
            calendar.is_working_day,
            mod({{ dbt.datediff("cast('2001-01-01' as date)", 'days.calendar_date', 'day') }}, 7) < 5
        )
)

select
    begins_on,
    cast(working_days_to_due as integer) as working_days_to_due,
    calendar_date as due_date
from working_days
