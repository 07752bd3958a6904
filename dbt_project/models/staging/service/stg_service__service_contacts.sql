with

source as (select * from {{ source('raw_service', 'service_contacts') }}),

renamed as (
    select
        contact_id,
        subscriber_id,
        staff_id,
        group_id,

        channel,
        purpose,

        satisfaction,

        contacted_at,
        landed_month
    from source
)

select * from renamed
