with

bills as (select * from {{ ref('stg_billing__bills') }}),

-- A sum with an unknown part is unknown.
pivoted as (
    select
        landed_month as snapshot_month,
        subscriber_id,
        case when count(*) = count(billed_amount) then sum(billed_amount) end as billed_amount,
        {%- for item in ['monthly_rent', 'voice', 'data', 'sms', 'roaming', 'handset', 'discount', 'vas'] %}
        case
            when count(case when fee_item = '{{ item }}' and billed_amount is null then 1 end) = 0
                then sum(case when fee_item = '{{ item }}' then billed_amount else 0 end)
        end as {{ 'vas_fee' if item == 'vas' else item }}_amount{{ ',' if not loop.last }}
        {%- endfor %}
    from bills
    group by landed_month, subscriber_id
)

select * from pivoted
