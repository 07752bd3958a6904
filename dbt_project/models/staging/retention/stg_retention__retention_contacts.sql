with

source as (select * from {{ source('raw_retention', 'retention_contacts') }}),

renamed as (
    select
        assignment_id,
        staff_id,
        offer_id,

        channel,
        outcome,
        churn_cause,
        note,
        competitor,
        problem_found,
        suggestion,
        interested_in,

        attempt_no,

        offer_accepted,

        contacted_at,
        landed_month
    from source
)

select * from renamed
