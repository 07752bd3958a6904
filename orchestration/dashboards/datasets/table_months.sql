-- One row per table and month: what landed, and its share of the table's largest month.
select
    landed_month, strftime(landed_month, '%Y-%m') as month, table_name, rows_accepted,
    cast(rows_accepted as double) / nullif(max(rows_accepted) over (partition by table_name), 0)
        as share_of_largest
from (
    select landed_month, table_name, sum(rows_accepted) as rows_accepted
    from ops.landing_audit
    where landed_month is not null
    group by landed_month, table_name
) as landed
