with

source as (select * from {{ source('raw_organisation', 'keepers') }}),

renamed as (
    select
        service_area_id,
        staff_id,

        valid_from,
        valid_to,
        landed_month
    from source
)

select * from renamed
