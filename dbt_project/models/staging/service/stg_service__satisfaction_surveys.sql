with

source as (select * from {{ source('raw_service', 'satisfaction_surveys') }}),

renamed as (
    select
        survey_id,
        contact_id,
        subscriber_id,

        item,
        kind,

        score,

        surveyed_at,
        landed_month
    from source
)

select * from renamed
