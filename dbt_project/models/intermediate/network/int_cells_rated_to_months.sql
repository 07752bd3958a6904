with

months_landed as (select * from {{ ref('int_months_landed') }}),

cell_quality as (select * from {{ ref('stg_network__cell_quality') }}),

network_faults as (select * from {{ ref('stg_network__network_faults') }}),

rated as (
    select
        months_landed.snapshot_month,
        cell_quality.cell_id,
        max(case when cell_quality.quality_month = months_landed.snapshot_month then cell_quality.call_drop_rate end)
            as call_drop_rate,
        max(cell_quality.call_drop_rate) as call_drop_rate_worst_3m,
        max(case when cell_quality.quality_month = months_landed.snapshot_month then cell_quality.call_setup_success_rate end)
            as call_setup_success_rate,
        max(case when cell_quality.quality_month = months_landed.snapshot_month then cell_quality.coverage_complaints end)
            as coverage_complaints
    from months_landed
    inner join cell_quality
        on months_landed.snapshot_month >= cell_quality.quality_month
        and {{ add_months('months_landed.snapshot_month', -2) }} <= cell_quality.quality_month
    group by months_landed.snapshot_month, cell_quality.cell_id
),

faults as (
    select
        months_landed.snapshot_month,
        network_faults.cell_id,
        count(*) as fault_count_3m
    from months_landed
    inner join network_faults
        on months_landed.snapshot_month >= network_faults.known_from_month
        and (
            network_faults.known_until_month is null or months_landed.snapshot_month < network_faults.known_until_month
        )
        and months_landed.next_month > network_faults.started_at
        and {{ add_months('months_landed.snapshot_month', -2) }} <= network_faults.started_at
    group by months_landed.snapshot_month, network_faults.cell_id
),

cells as (
    select
        coalesce(rated.snapshot_month, faults.snapshot_month) as snapshot_month,
        coalesce(rated.cell_id, faults.cell_id) as cell_id,
        rated.call_drop_rate,
        rated.call_drop_rate_worst_3m,
        rated.call_setup_success_rate,
        rated.coverage_complaints,
        coalesce(faults.fault_count_3m, 0) as fault_count_3m
    from rated
    full outer join faults
        on rated.snapshot_month = faults.snapshot_month and rated.cell_id = faults.cell_id
)

select * from cells
