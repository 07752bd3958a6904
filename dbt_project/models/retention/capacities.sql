with

months_landed as (select * from {{ ref('int_months_landed') }} where {{ in_run('snapshot_month') }}),

org_units as (select * from {{ ref('dim_org_units') }}),

staff as (select * from {{ ref('staff_available') }} where {{ in_run('snapshot_month') }}),

offers as (select * from {{ ref('offers') }}),

capacities as (
    select
        months_landed.snapshot_month,
        'visit' as resource_kind,
        org_units.unit_id as resource_id,
        org_units.monthly_visit_capacity as capacity
    from months_landed
    cross join org_units

    union all

    select
        months_landed.snapshot_month,
        'call' as resource_kind,
        org_units.unit_id as resource_id,
        org_units.monthly_call_capacity as capacity
    from months_landed
    cross join org_units

    union all

    select
        snapshot_month,
        'staff' as resource_kind,
        staff_id as resource_id,
        monthly_capacity as capacity
    from staff

    union all

    select
        months_landed.snapshot_month,
        'offer' as resource_kind,
        offers.offer_id as resource_id,
        offers.budget_amount as capacity
    from months_landed
    inner join offers on {{ rule_is_valid('months_landed.snapshot_month', 'offers') }}
)

select
    snapshot_month,
    resource_kind,
    resource_id,
    cast(capacity as decimal(18, 2)) as capacity
from capacities
