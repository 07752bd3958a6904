with

months_landed as (select * from {{ ref('int_months_landed') }}),

contracts as (select * from {{ ref('stg_billing__contracts') }}),

-- The version that the newest folder up to the month holds.
contracts_as_known as (
    select
        months_landed.snapshot_month,
        months_landed.last_day,
        contracts.subscriber_id,
        contracts.contract_type,
        contracts.starts_on,
        case
            when contracts.cancelled_on < contracts.ends_on then contracts.cancelled_on else contracts.ends_on
        end as ended_on,
        contracts.monthly_rebate_amount
    from months_landed
    inner join contracts
        on months_landed.snapshot_month >= contracts.known_from_month
        and (contracts.known_until_month is null or months_landed.snapshot_month < contracts.known_until_month)
),

dated as (
    select
        snapshot_month,
        subscriber_id,
        max(case when contract_type = 'fee_rebate' and starts_on <= last_day and ended_on > last_day then ended_on end)
            as rebate_contract_ends_on,
        max(case when contract_type <> 'fee_rebate' and starts_on <= last_day and ended_on > last_day then ended_on end)
            as other_contract_ends_on,
        max(case when ended_on <= last_day then ended_on end) as last_contract_ended_on,
        sum(
            case when starts_on <= last_day and ended_on > last_day then coalesce(monthly_rebate_amount, 0) else 0 end
        ) as monthly_rebate_amount
    from contracts_as_known
    group by snapshot_month, subscriber_id
)

select * from dated
