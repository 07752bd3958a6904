-- One row per landed file of a month.
select
    landed_month, strftime(landed_month, '%Y-%m') as month, table_name, file_name, rows_read, rows_accepted,
    rows_quarantined, rows_duplicate
from ops.landing_audit
where landed_month is not null
