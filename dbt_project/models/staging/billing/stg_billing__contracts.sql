with

source as (select * from {{ source('raw_billing', 'contracts') }}),

renamed as (
    select
        contract_id,
        subscriber_id,

        contract_type,

        monthly_rebate_cny as monthly_rebate_amount,

        starts_on,
        ends_on,
        cancelled_on,
        landed_month,
        landed_month as known_from_month,
        lead(landed_month) over (partition by contract_id order by landed_month) as known_until_month
    from source
)

select * from renamed
