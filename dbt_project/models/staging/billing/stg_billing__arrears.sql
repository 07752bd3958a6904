with

source as (select * from {{ source('raw_billing', 'arrears') }}),

renamed as (
    select
        account_id,

        amount_due_cny as overdue_amount,
        months_overdue,

        snapshot_month,
        landed_month
    from source
)

select * from renamed
