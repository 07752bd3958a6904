with

months_landed as (select * from {{ ref('int_months_landed') }} where {{ in_run('snapshot_month') }}),

staff as (select * from {{ ref('stg_organisation__staff') }}),

org_units as (select * from {{ ref('dim_org_units') }}),

branches as (select unit_id, branch_id from org_units where unit_type = 'branch'),

available as (
    select
        months_landed.snapshot_month,
        staff.staff_id,
        case when org_units.unit_type = 'hall' then branches.unit_id else staff.unit_id end as owner_unit_id,
        staff.role,
        staff.monthly_capacity
    from months_landed
    inner join staff
        on (staff.valid_from is null or months_landed.next_month >= staff.valid_from)
        and (staff.valid_to is null or months_landed.next_month <= staff.valid_to)
    left join org_units on staff.unit_id = org_units.unit_id
    left join branches on org_units.branch_id = branches.branch_id
)

select * from available
