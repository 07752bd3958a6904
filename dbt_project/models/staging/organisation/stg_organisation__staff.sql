with

source as (select * from {{ source('raw_organisation', 'staff') }}),

renamed as (
    select
        staff_id,
        unit_id,

        staff_name,
        role,

        monthly_capacity,

        valid_from,
        valid_to,
        landed_month
    from source
)

select * from renamed
