with

source as (select * from {{ source('raw_network', 'cell_quality') }}),

renamed as (
    select
        cell_id,

        call_drop_rate,
        call_setup_success_rate,
        coverage_complaints,

        quality_month,
        landed_month
    from source
)

select * from renamed
