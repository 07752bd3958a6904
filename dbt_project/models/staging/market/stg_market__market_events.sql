with

source as (select * from {{ source('raw_market', 'market_events') }}),

renamed as (
    select
        event_id,
        branch_id,
        plan_id,

        event_type,

        announced_on,
        starts_on,
        ends_on,
        landed_month
    from source
)

select * from renamed
