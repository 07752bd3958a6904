with

source as (select * from {{ source('raw_organisation', 'org_units') }}),

renamed as (
    select
        unit_id,
        branch_id,

        unit_name,
        unit_type,

        monthly_visit_capacity,
        monthly_call_capacity,

        landed_month
    from source
)

select * from renamed
