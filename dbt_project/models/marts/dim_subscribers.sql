with

parameters as (select * from {{ ref('int_parameters') }}),

subscribers as (select * from {{ ref('stg_customer__subscribers') }} where {{ in_run('snapshot_month') }}),

subscriber_months as (select * from {{ ref('fct_subscriber_months') }} where {{ in_run('snapshot_month') }}),

value_tiers as (select * from {{ ref('int_value_tiers_judged') }}),

with_tenure as (
    select
        *,
        {{ whole_months_between('activated_on', add_months('snapshot_month', 1)) }} as tenure_months
    from subscribers
),

described as (
    select
        with_tenure.snapshot_month,
        with_tenure.subscriber_id,
        with_tenure.customer_id,
        with_tenure.account_id,
        with_tenure.branch_id,
        with_tenure.area_type,
        with_tenure.service_area_id,
        with_tenure.customer_type,
        with_tenure.group_id,
        with_tenure.brand,
        with_tenure.entry_brand,
        with_tenure.plan_id,
        with_tenure.status,
        with_tenure.billing_mode,
        with_tenure.payer_type,
        with_tenure.credit_class,
        with_tenure.key_account_class,
        with_tenure.gender,
        with_tenure.occupation,
        with_tenure.education_level,
        with_tenure.income_band,
        with_tenure.home_cell_id,
        with_tenure.device_id,
        value_tiers.value_tier,
        value_tiers.average_amount_3m,
        cast(with_tenure.tenure_months as integer) as tenure_months,
        with_tenure.birth_year,
        with_tenure.star_level,
        with_tenure.points_balance,
        with_tenure.is_registered_local,
        with_tenure.is_contact_complete,
        with_tenure.status = 'active' and subscriber_months.last_active_on is null as is_silent,
        coalesce(
            with_tenure.status = 'active'
            and subscriber_months.last_active_on is not null
            and with_tenure.tenure_months >= parameters.minimum_tenure_months
            and value_tiers.value_tier <> 'mass',
            false
        ) as is_candidate,
        with_tenure.activated_on,
        with_tenure.status_since
    from with_tenure
    cross join parameters
    inner join subscriber_months
        on with_tenure.snapshot_month = subscriber_months.snapshot_month
        and with_tenure.subscriber_id = subscriber_months.subscriber_id
    inner join value_tiers
        on with_tenure.snapshot_month = value_tiers.snapshot_month
        and with_tenure.subscriber_id = value_tiers.subscriber_id
)

select * from described
