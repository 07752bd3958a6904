{%- set optional_tables = [
    'arrears', 'cell_quality', 'complaints', 'contracts', 'group_customers', 'network_faults', 'payments',
    'plan_changes', 'plans', 'service_contacts', 'service_subscriptions', 'status_changes', 'campaign_contacts',
    'org_units', 'staff', 'keepers', 'market_events', 'port_out_requests', 'satisfaction_surveys',
] -%}
with

landing_audit as (select * from {{ source('ops', 'landing_audit') }}),

months_landed as (select * from {{ ref('int_months_landed') }}),

-- A static table has no month: it is there from the start.
first_landed as (
    select
        table_name,
        min(coalesce(landed_month, cast('1900-01-01' as date))) as first_landed_month
    from landing_audit
    group by table_name
),

availability as (
    select
        months_landed.snapshot_month,
        {%- for table_name in optional_tables %}
        coalesce(max(case when first_landed.table_name = '{{ table_name }}' then 1 end), 0) = 1
            as has_{{ table_name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from months_landed
    left join first_landed on months_landed.snapshot_month >= first_landed.first_landed_month
    group by months_landed.snapshot_month
)

select * from availability
