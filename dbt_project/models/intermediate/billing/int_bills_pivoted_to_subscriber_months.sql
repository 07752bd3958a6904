with

bills as (select * from {{ ref('stg_billing__bills') }}),

pivoted as (
    select
        landed_month as snapshot_month,
        subscriber_id,
        sum(billed_amount) as billed_amount,
        {%- for item in ['monthly_rent', 'voice', 'data', 'sms', 'roaming', 'handset', 'discount'] %}
        sum(case when fee_item = '{{ item }}' then billed_amount else 0 end) as {{ item }}_amount,
        {%- endfor %}
        sum(case when fee_item = 'vas' then billed_amount else 0 end) as vas_fee_amount
    from bills
    group by landed_month, subscriber_id
)

select * from pivoted
