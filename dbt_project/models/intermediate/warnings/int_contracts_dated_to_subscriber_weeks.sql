with

weeks as (select * from {{ ref('int_warning_weeks') }}),

contracts as (select * from {{ ref('stg_billing__contracts') }}),

-- The version that the newest folder up to the month of the week's end holds. A date that is unknown leaves it unknown
-- whether the contract runs.
contracts_as_known as (
    select
        weeks.warning_week,
        weeks.last_day,
        contracts.subscriber_id,
        contracts.contract_type,
        contracts.ends_on,
        contracts.starts_on <= weeks.last_day
        and contracts.ends_on >= weeks.last_day
        and (contracts.cancelled_on is null or contracts.cancelled_on > weeks.last_day) as is_running
    from weeks
    inner join contracts
        on weeks.week_month >= contracts.known_from_month
        and (contracts.known_until_month is null or weeks.week_month < contracts.known_until_month)
),

dated as (
    select
        warning_week,
        subscriber_id,
        case
            when sum(case when contract_type = 'fee_rebate' and is_running is null then 1 else 0 end) = 0
                then sum(case when contract_type = 'fee_rebate' and is_running then 1 else 0 end)
        end as rebate_contracts_running,
        max(case when contract_type = 'fee_rebate' and is_running then ends_on end) as rebate_contract_ends_on,
        min(case when contract_type <> 'fee_rebate' and is_running and ends_on > last_day then ends_on end)
            as other_contract_ends_on
    from contracts_as_known
    group by warning_week, subscriber_id
)

select * from dated
