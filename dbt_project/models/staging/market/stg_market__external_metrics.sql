with

source as (select * from {{ source('raw_market', 'external_metrics') }}),

renamed as (
    select
        metric,
        segment,

        value,

        metric_month,
        landed_month
    from source
)

select * from renamed
