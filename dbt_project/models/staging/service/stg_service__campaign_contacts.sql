with

source as (select * from {{ source('raw_service', 'campaign_contacts') }}),

renamed as (
    select
        campaign_id,
        subscriber_id,

        channel,

        responded as is_responded,
        accepted as is_accepted,

        sent_at,
        landed_month
    from source
)

select * from renamed
