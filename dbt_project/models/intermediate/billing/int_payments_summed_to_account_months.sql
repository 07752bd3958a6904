with

payments as (select * from {{ ref('stg_billing__payments') }}),

-- A sum with an unknown part is unknown.
summed as (
    select
        landed_month as snapshot_month,
        account_id,
        case when count(*) = count(paid_amount) then sum(paid_amount) end as paid_amount,
        count(*) as payment_count,
        sum(case when payment_method = 'auto_debit' then 1 else 0 end) as auto_debit_count,
        max(cast(paid_at as date)) as last_paid_on
    from payments
    group by landed_month, account_id
)

select * from summed
