with

months_landed as (select * from {{ ref('int_months_landed') }}),

day_numbers as (
    {%- for number in range(31) %}
    select {{ number }} as day_number{{ ' union all' if not loop.last }}
    {%- endfor %}
),

days as (
    select {{ add_days('months_landed.snapshot_month', 'day_numbers.day_number') }} as calendar_day
    from months_landed
    cross join day_numbers
    where months_landed.last_day >= {{ add_days('months_landed.snapshot_month', 'day_numbers.day_number') }}
)

select * from days
