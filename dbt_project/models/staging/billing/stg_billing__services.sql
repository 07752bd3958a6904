with

source as (select * from {{ source('raw_billing', 'services') }}),

renamed as (
    select
        service_code,

        service_name,
        category,

        landed_month
    from source
)

select * from renamed
