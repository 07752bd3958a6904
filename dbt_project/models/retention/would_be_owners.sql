with

subscribers as (select * from {{ ref('dim_subscribers') }} where snapshot_month <= {{ run_month('to_month') }}),

-- Ported-out lines are counted and not contacted.
lost as (
    select * from {{ ref('lost_subscribers') }}
    where lost_kind <> 'ported_out' and {{ in_run('snapshot_month') }}
),

-- A stopped line is described as in its last active month.
listable as (
    select
        subscribers.snapshot_month,
        subscribers.subscriber_id,
        subscribers.is_candidate,
        lost.subscriber_id is not null as is_lost,
        coalesce(lost.last_active_month, subscribers.snapshot_month) as described_month
    from subscribers
    left join lost
        on subscribers.snapshot_month = lost.snapshot_month and subscribers.subscriber_id = lost.subscriber_id
    where {{ in_run('subscribers.snapshot_month') }} and (subscribers.is_candidate or lost.subscriber_id is not null)
),

customers as (
    select
        listable.snapshot_month,
        listable.subscriber_id,
        listable.is_candidate,
        listable.is_lost,
        subscribers.customer_id,
        subscribers.group_id,
        subscribers.branch_id,
        subscribers.service_area_id,
        subscribers.customer_type,
        subscribers.area_type,
        subscribers.value_tier,
        subscribers.average_amount_3m,
        subscribers.is_contact_complete
    from listable
    inner join subscribers
        on listable.described_month = subscribers.snapshot_month and listable.subscriber_id = subscribers.subscriber_id
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
    from (select distinct branch_id from customers where branch_id is not null) as branches
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

bill_months as (
    {%- for months_back in range(3) %}
    select
        snapshot_month,
        subscriber_id,
        {{ add_months('described_month', -months_back) }} as billed_month
    from listable
    {{- ' union all' if not loop.last }}
    {%- endfor %}
),

bills as (
    select
        bill_months.snapshot_month,
        bill_months.subscriber_id,
        cast(sum(subscriber_months.billed_amount) as double) / nullif(count(subscriber_months.billed_amount), 0)
            as billed_amount_mean_3m
    from bill_months
    inner join {{ ref('fct_subscriber_months') }} as subscriber_months
        on bill_months.billed_month = subscriber_months.snapshot_month
        and bill_months.subscriber_id = subscriber_months.subscriber_id
    group by bill_months.snapshot_month, bill_months.subscriber_id
),

months_landed as (select * from {{ ref('int_months_landed') }}),

owned as (
    select
        customers.snapshot_month,
        customers.subscriber_id,
        customers.is_candidate,
        customers.is_lost,
        customers.customer_id,
        customers.group_id,
        customers.customer_type,
        customers.value_tier,
        customers.average_amount_3m,
        cast(
            round(
                cast(bills.billed_amount_mean_3m as decimal(18, 4)) * (1 - monthly_costs.cost_share)
                - monthly_costs.cost_amount,
                2
            ) as decimal(18, 2)
        ) as margin_amount,
        coalesce(customers.is_contact_complete, false)
        and (customers.customer_type = 'group' or customers.value_tier = 'high') as is_visit_possible,
        primary_units.unit_id as primary_unit_id,
        overflow_units.unit_id as overflow_unit_id,
        landing_units.unit_id as landing_unit_id,
        supervising_units.unit_id as supervising_unit_id,
        group_customers.account_manager_id,
        keepers.staff_id as keeper_id
    from customers
    inner join months_landed on customers.snapshot_month = months_landed.snapshot_month
    left join monthly_costs on customers.snapshot_month = monthly_costs.snapshot_month
    left join bills
        on customers.snapshot_month = bills.snapshot_month and customers.subscriber_id = bills.subscriber_id
    left join rules
        on customers.customer_type = rules.customer_type
        and coalesce(customers.area_type, 'rural') = rules.area_type
        and {{ rule_is_valid('customers.snapshot_month') }}
    left join units as primary_units
        on customers.branch_id = primary_units.branch_id and rules.primary_unit_type = primary_units.unit_type
    left join units as overflow_units
        on customers.branch_id = overflow_units.branch_id and rules.overflow_unit_type = overflow_units.unit_type
    left join units as landing_units
        on customers.branch_id = landing_units.branch_id and rules.landing_unit_type = landing_units.unit_type
    left join units as supervising_units
        on customers.branch_id = supervising_units.branch_id
        and rules.supervising_unit_type = supervising_units.unit_type
    left join group_customers
        on customers.group_id = group_customers.group_id
        and customers.snapshot_month >= group_customers.known_from_month
        and (
            group_customers.known_until_month is null
            or customers.snapshot_month < group_customers.known_until_month
        )
    left join keepers
        on customers.service_area_id = keepers.service_area_id
        and months_landed.next_month >= keepers.valid_from
        and (keepers.valid_to is null or months_landed.next_month <= keepers.valid_to)
),

-- The account manager of the group, else the keeper of the area: if he is in the unit and in office.
named as (
    select
        owned.snapshot_month,
        owned.subscriber_id,
        owned.is_candidate,
        owned.is_lost,
        owned.customer_id,
        owned.group_id,
        owned.customer_type,
        owned.value_tier,
        owned.average_amount_3m,
        owned.margin_amount,
        owned.is_visit_possible,
        owned.primary_unit_id,
        owned.overflow_unit_id,
        owned.landing_unit_id,
        owned.supervising_unit_id,
        coalesce(managers.staff_id, area_keepers.staff_id) as named_staff_id,
        overflow_keepers.staff_id as overflow_staff_id,
        row_number() over (
            partition by owned.snapshot_month, owned.subscriber_id
            order by managers.staff_id nulls last, area_keepers.staff_id nulls last, overflow_keepers.staff_id nulls last
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
    left join staff as overflow_keepers
        on owned.keeper_id = overflow_keepers.staff_id
        and owned.snapshot_month = overflow_keepers.snapshot_month
        and owned.overflow_unit_id = overflow_keepers.owner_unit_id
)

select
    snapshot_month,
    subscriber_id,
    is_candidate,
    is_lost,
    customer_id,
    group_id,
    customer_type,
    value_tier,
    average_amount_3m,
    margin_amount,
    is_visit_possible,
    'M' || substr({{ dbt.hash("cast(snapshot_month as varchar) || '|' || subscriber_id") }}, 1, 16) as assignment_id,
    primary_unit_id,
    overflow_unit_id,
    landing_unit_id,
    supervising_unit_id,
    named_staff_id,
    overflow_staff_id
from named
where preference = 1
