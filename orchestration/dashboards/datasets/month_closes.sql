-- One row per closed month: what it landed, what stands in it.
select
    closes.snapshot_month, strftime(closes.snapshot_month, '%Y-%m') as month,
    substr(closes.input_checksum, 1, 12) as input_checksum, coalesce(landed.files, 0) as file_count,
    coalesce(landed.rows_read, 0) as rows_read, coalesce(landed.rows_accepted, 0) as rows_accepted,
    coalesce(landed.rows_quarantined, 0) as rows_quarantined, coalesce(landed.rows_duplicate, 0) as rows_duplicate,
    coalesce(lines.subscribers, 0) as subscriber_count
from ops.month_closes as closes
left join (
    select
        landed_month, count(*) as files, sum(rows_read) as rows_read, sum(rows_accepted) as rows_accepted,
        sum(rows_quarantined) as rows_quarantined, sum(rows_duplicate) as rows_duplicate
    from ops.landing_audit
    group by landed_month
) as landed on landed.landed_month = closes.snapshot_month
left join (
    select snapshot_month, count(*) as subscribers from marts.fct_subscriber_months group by snapshot_month
) as lines on lines.snapshot_month = closes.snapshot_month
