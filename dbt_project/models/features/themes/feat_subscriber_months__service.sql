{%- set complaint_counts = [
    'complaint_count', 'complaint_count_3m', 'complaint_count_6m', 'severe_complaint_count_3m',
    'network_complaint_count_3m', 'billing_complaint_count_3m', 'overdue_complaint_count',
] -%}
{%- set contact_counts = [
    'service_contact_count_3m', 'bill_enquiry_count_3m', 'hall_contact_count_3m', 'care_contact_count_6m',
] -%}
{%- set status_counts = ['debt_stop_count_6m', 'voluntary_suspension_count_6m'] -%}
with

candidates as (
    select snapshot_month, subscriber_id, branch_id, home_cell_id
    from {{ ref('dim_subscribers') }}
    where is_candidate and {{ in_run('snapshot_month') }}
),

tables_available as (select * from {{ ref('int_tables_available') }}),

complaints as (
    select * from {{ ref('int_complaints_counted_to_subscriber_months') }} where {{ in_run('snapshot_month') }}
),

service_contacts as (
    select * from {{ ref('int_service_contacts_counted_to_subscriber_months') }} where {{ in_run('snapshot_month') }}
),

services as (
    select * from {{ ref('int_services_counted_to_subscriber_months') }} where {{ in_run('snapshot_month') }}
),

status_changes as (
    select * from {{ ref('int_status_changes_counted_to_subscriber_months') }} where {{ in_run('snapshot_month') }}
),

cells as (select * from {{ ref('int_cells_rated_to_months') }} where {{ in_run('snapshot_month') }}),

offensives as (select * from {{ ref('int_competitor_offensives_to_branch_months') }} where {{ in_run('snapshot_month') }}),

served as (
    select
        candidates.snapshot_month,
        candidates.subscriber_id,
        {%- for count in complaint_counts %}
        cast(case when tables_available.has_complaints then coalesce(complaints.{{ count }}, 0) end as double) as {{ count }},
        {%- endfor %}
        cast(complaints.worst_fault_level_3m as double) as worst_fault_level_3m,
        cast(complaints.lowest_satisfaction_6m as double) as lowest_satisfaction_6m,
        {%- for count in contact_counts %}
        cast(case when tables_available.has_service_contacts then coalesce(service_contacts.{{ count }}, 0) end as double)
            as {{ count }},
        {%- endfor %}
        {%- for count in status_counts %}
        cast(case when tables_available.has_status_changes then coalesce(status_changes.{{ count }}, 0) end as double)
            as {{ count }},
        {%- endfor %}
        {%- for count in ['bundle_count', 'value_added_service_count', 'services_taken_up_count_6m'] %}
        cast(case when tables_available.has_service_subscriptions then coalesce(services.{{ count }}, 0) end as double)
            as {{ count }},
        {%- endfor %}
        cells.call_drop_rate,
        cells.call_drop_rate_worst_3m,
        cells.call_setup_success_rate,
        cast(cells.coverage_complaints as double) as coverage_complaints,
        cast(case when tables_available.has_network_faults then coalesce(cells.fault_count_3m, 0) end as double)
            as cell_fault_count_3m,
        cast(case when tables_available.has_market_events then coalesce(offensives.offensive_count, 0) end as double)
            as competitor_offensive_count
    from candidates
    inner join tables_available on candidates.snapshot_month = tables_available.snapshot_month
    left join complaints
        on candidates.snapshot_month = complaints.snapshot_month and candidates.subscriber_id = complaints.subscriber_id
    left join service_contacts
        on candidates.snapshot_month = service_contacts.snapshot_month
        and candidates.subscriber_id = service_contacts.subscriber_id
    left join services
        on candidates.snapshot_month = services.snapshot_month and candidates.subscriber_id = services.subscriber_id
    left join status_changes
        on candidates.snapshot_month = status_changes.snapshot_month
        and candidates.subscriber_id = status_changes.subscriber_id
    left join cells
        on candidates.snapshot_month = cells.snapshot_month and candidates.home_cell_id = cells.cell_id
    left join offensives
        on candidates.snapshot_month = offensives.snapshot_month and candidates.branch_id = offensives.branch_id
)

select * from served
