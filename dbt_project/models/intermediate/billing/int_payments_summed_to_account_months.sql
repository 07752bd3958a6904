with

payments as (select * from {{ ref('stg_billing__payments') }}),

summed as (
    select
        landed_month as snapshot_month,
        account_id,
        sum(paid_amount) as paid_amount,
        count(*) as payment_count,
        sum(case when payment_method = 'auto_debit' then 1 else 0 end) as auto_debit_count,
        max(cast(paid_at as date)) as last_paid_on
    from payments
    group by landed_month, account_id
)

select * from summed
