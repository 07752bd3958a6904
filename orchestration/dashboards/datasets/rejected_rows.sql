-- One row per month, table and reason with rejected rows; a month without any has one row that says so.
select
    landed_month, strftime(landed_month, '%Y-%m') as month, table_name, reason, count(*) as rejected_rows
from ops.quarantine
where landed_month is not null
group by landed_month, table_name, reason
union all
select distinct
    landed_month, strftime(landed_month, '%Y-%m'), words(dashboard.no_table), words(dashboard.nothing_rejected),
    cast(0 as bigint)
from ops.landing_audit
where
    landed_month is not null
    and landed_month not in (select landed_month from ops.quarantine where landed_month is not null)
