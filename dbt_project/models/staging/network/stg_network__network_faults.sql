with

source as (select * from {{ source('raw_network', 'network_faults') }}),

renamed as (
    select
        fault_id,
        cell_id,

        fault_type,

        started_at,
        ended_at,
        landed_month,
        landed_month as known_from_month,
        lead(landed_month) over (partition by fault_id order by landed_month) as known_until_month
    from source
)

select * from renamed
