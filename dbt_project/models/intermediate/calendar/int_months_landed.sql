with

landing_audit as (select * from {{ source('ops', 'landing_audit') }}),

landed as (
    select
        landed_month as snapshot_month,
        {{ month_number('landed_month') }} as month_number,
        {{ month_end('landed_month') }} as last_day,
        {{ add_months('landed_month', 1) }} as next_month
    from landing_audit
    where table_name = 'subscribers' and rows_accepted > 0
    group by landed_month
)

select * from landed
