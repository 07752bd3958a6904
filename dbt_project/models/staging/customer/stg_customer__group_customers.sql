with

source as (select * from {{ source('raw_customer', 'group_customers') }}),

renamed as (
    select
        group_id,
        branch_id,
        account_manager_id,

        group_name,
        group_tier,

        landed_month,
        landed_month as known_from_month,
        lead(landed_month) over (partition by group_id order by landed_month) as known_until_month
    from source
)

select * from renamed
