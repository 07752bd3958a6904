with

candidates as (
    select * from {{ ref('dim_subscribers') }}
    where is_candidate and {{ in_run('snapshot_month') }}
),

rules as (select * from {{ ref('responsibility_rules') }}),

org_units as (select * from {{ ref('dim_org_units') }}),

-- One unit a type serves the whole operator, unless the branch has its own.
units_of_branches as (
    select
        branches.branch_id,
        org_units.unit_type,
        org_units.unit_id,
        row_number() over (
            partition by branches.branch_id, org_units.unit_type
            order by case when org_units.branch_id = branches.branch_id then 0 else 1 end, org_units.unit_id
        ) as preference
    from (select distinct branch_id from candidates where branch_id is not null) as branches
    inner join org_units
        on branches.branch_id = org_units.branch_id or org_units.branch_id is null
    where org_units.unit_type in ('group_customer_centre', 'customer_service_centre', 'branch')
),

units as (select branch_id, unit_type, unit_id from units_of_branches where preference = 1),

group_customers as (select * from {{ ref('stg_customer__group_customers') }}),

keepers as (select * from {{ ref('stg_organisation__keepers') }}),

staff as (select * from {{ ref('staff_available') }} where {{ in_run('snapshot_month') }}),

monthly_costs as (
    select
        months_landed.snapshot_month,
        sum(coalesce(costs.amount, 0)) as cost_amount,
        sum(coalesce(costs.share_of_bill, 0)) as cost_share
    from {{ ref('int_months_landed') }} as months_landed
    inner join {{ ref('service_costs') }} as costs on {{ rule_is_valid('months_landed.snapshot_month', 'costs') }}
    where costs.measure = 'per_month'
    group by months_landed.snapshot_month
),

bills as (
    select
        snapshot_month,
        subscriber_id,
        billed_amount_mean_3m
    from {{ ref('feat_subscriber_months__spend') }}
),

months_landed as (select * from {{ ref('int_months_landed') }}),

owned as (
    select
        candidates.snapshot_month,
        candidates.subscriber_id,
        candidates.customer_id,
        candidates.group_id,
        candidates.customer_type,
        candidates.value_tier,
        candidates.average_amount_3m,
        cast(
            round(
                cast(bills.billed_amount_mean_3m as decimal(18, 4)) * (1 - monthly_costs.cost_share)
                - monthly_costs.cost_amount,
                2
            ) as decimal(18, 2)
        ) as margin_amount,
        coalesce(candidates.is_contact_complete, false)
        and (candidates.customer_type = 'group' or candidates.value_tier = 'high') as is_visit_possible,
        primary_units.unit_id as primary_unit_id,
        landing_units.unit_id as landing_unit_id,
        supervising_units.unit_id as supervising_unit_id,
        group_customers.account_manager_id,
        keepers.staff_id as keeper_id
    from candidates
    inner join months_landed on candidates.snapshot_month = months_landed.snapshot_month
    left join monthly_costs on candidates.snapshot_month = monthly_costs.snapshot_month
    left join bills
        on candidates.snapshot_month = bills.snapshot_month and candidates.subscriber_id = bills.subscriber_id
    left join rules
        on candidates.customer_type = rules.customer_type
        and coalesce(candidates.area_type, 'rural') = rules.area_type
        and {{ rule_is_valid('candidates.snapshot_month') }}
    left join units as primary_units
        on candidates.branch_id = primary_units.branch_id and rules.primary_unit_type = primary_units.unit_type
    left join units as landing_units
        on candidates.branch_id = landing_units.branch_id and rules.landing_unit_type = landing_units.unit_type
    left join units as supervising_units
        on candidates.branch_id = supervising_units.branch_id
        and rules.supervising_unit_type = supervising_units.unit_type
    left join group_customers
        on candidates.group_id = group_customers.group_id
        and candidates.snapshot_month >= group_customers.known_from_month
        and (
            group_customers.known_until_month is null
            or candidates.snapshot_month < group_customers.known_until_month
        )
    left join keepers
        on candidates.service_area_id = keepers.service_area_id
        and months_landed.next_month >= keepers.valid_from
        and (keepers.valid_to is null or months_landed.next_month <= keepers.valid_to)
),

-- The account manager of the group, else the keeper of the area: if he is in the unit and in office.
named as (
    select
        owned.snapshot_month,
        owned.subscriber_id,
        owned.customer_id,
        owned.group_id,
        owned.customer_type,
        owned.value_tier,
        owned.average_amount_3m,
        owned.margin_amount,
        owned.is_visit_possible,
        owned.primary_unit_id,
        owned.landing_unit_id,
        owned.supervising_unit_id,
        coalesce(managers.staff_id, area_keepers.staff_id) as named_staff_id,
        row_number() over (
            partition by owned.snapshot_month, owned.subscriber_id
            order by managers.staff_id nulls last, area_keepers.staff_id nulls last
        ) as preference
    from owned
    left join staff as managers
        on owned.account_manager_id = managers.staff_id
        and owned.snapshot_month = managers.snapshot_month
        and owned.primary_unit_id = managers.owner_unit_id
    left join staff as area_keepers
        on owned.keeper_id = area_keepers.staff_id
        and owned.snapshot_month = area_keepers.snapshot_month
        and owned.primary_unit_id = area_keepers.owner_unit_id
)

select
    snapshot_month,
    subscriber_id,
    customer_id,
    group_id,
    customer_type,
    value_tier,
    average_amount_3m,
    margin_amount,
    is_visit_possible,
    'M' || substr({{ dbt.hash("cast(snapshot_month as varchar) || '|' || subscriber_id") }}, 1, 16) as assignment_id,
    primary_unit_id,
    landing_unit_id,
    supervising_unit_id,
    named_staff_id
from named
where preference = 1
