with

candidates as (
    select * from {{ ref('dim_subscribers') }}
    where is_candidate and {{ in_run('snapshot_month') }}
),

subscriber_months as (select * from {{ ref('fct_subscriber_months') }} where {{ in_run('snapshot_month') }}),

tables_available as (select * from {{ ref('int_tables_available') }}),

plans as (select * from {{ ref('dim_plans') }}),

plan_moves as (
    select * from {{ ref('int_plan_changes_netted_to_subscriber_months') }} where {{ in_run('snapshot_month') }}
),

contracts as (
    select * from {{ ref('int_contracts_dated_to_subscriber_months') }} where {{ in_run('snapshot_month') }}
),

profile as (
    select
        candidates.snapshot_month,
        candidates.subscriber_id,

        candidates.value_tier,
        candidates.brand,
        candidates.entry_brand,
        candidates.plan_id,
        candidates.area_type,
        candidates.branch_id,
        candidates.customer_type,
        candidates.gender,
        candidates.billing_mode,
        candidates.payer_type,
        candidates.credit_class,
        candidates.key_account_class,
        candidates.occupation,
        candidates.education_level,
        candidates.income_band,

        cast(candidates.tenure_months as double) as tenure_months,
        cast(extract(year from candidates.snapshot_month) - candidates.birth_year as double) as age_years,
        cast(candidates.star_level as double) as star_level,
        cast(candidates.points_balance as double) as points_balance,
        cast(candidates.average_amount_3m as double) as average_amount_3m,

        cast(plans.monthly_fee_amount as double) as plan_fee_amount,
        {{ share('subscriber_months.billed_amount', 'plans.monthly_fee_amount') }} as bill_to_plan_fee_ratio,
        {{ share('subscriber_months.out_minutes', 'plans.included_minutes') }} as minutes_to_included_ratio,
        {{ share('subscriber_months.data_mb', 'plans.included_data_mb') }} as data_to_included_ratio,
        -- A move from or to a plan of unknown price is unknown; no move changes nothing.
        cast(
            case
                when not tables_available.has_plan_changes then null
                when plan_moves.subscriber_id is null then 0
                else plan_moves.plan_price_change_amount
            end as double
        ) as plan_price_change_amount,

        cast({{ month_number('contracts.rebate_contract_ends_on') }} - {{ month_number('candidates.snapshot_month') }} as double)
            as months_to_rebate_contract_end,
        cast({{ month_number('contracts.other_contract_ends_on') }} - {{ month_number('candidates.snapshot_month') }} as double)
            as months_to_other_contract_end,
        cast({{ month_number('candidates.snapshot_month') }} - {{ month_number('contracts.last_contract_ended_on') }} as double)
            as months_since_contract_end,
        cast(case when tables_available.has_contracts then coalesce(contracts.monthly_rebate_amount, 0) end as double)
            as monthly_rebate_amount,

        candidates.is_registered_local,
        candidates.is_contact_complete,
        case when tables_available.has_contracts then contracts.rebate_contract_ends_on is not null end
            as has_rebate_contract,
        case when tables_available.has_contracts then contracts.other_contract_ends_on is not null end
            as has_other_contract
    from candidates
    inner join subscriber_months
        on candidates.snapshot_month = subscriber_months.snapshot_month
        and candidates.subscriber_id = subscriber_months.subscriber_id
    inner join tables_available on candidates.snapshot_month = tables_available.snapshot_month
    left join plans on candidates.plan_id = plans.plan_id
    left join plan_moves
        on candidates.snapshot_month = plan_moves.snapshot_month
        and candidates.subscriber_id = plan_moves.subscriber_id
    left join contracts
        on candidates.snapshot_month = contracts.snapshot_month and candidates.subscriber_id = contracts.subscriber_id
)

select * from profile
