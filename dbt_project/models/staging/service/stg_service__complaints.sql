with

source as (select * from {{ source('raw_service', 'complaints') }}),

renamed as (
    select
        ticket_id,
        subscriber_id,

        category,
        network_fault_type,

        fault_level,
        satisfaction,

        is_severe,

        opened_at,
        due_at,
        responded_at,
        closed_at,
        landed_month,
        landed_month as known_from_month,
        lead(landed_month) over (partition by ticket_id order by landed_month) as known_until_month
    from source
)

select * from renamed
