{{ config(meta={'rewrites_open_months': true}) }}

with

subscribers as (
    select * from {{ ref('dim_subscribers') }}
    where {{ in_open_months('snapshot_month') }}
),

subscriber_months as (
    select * from {{ ref('fct_subscriber_months') }}
    where {{ in_open_months('snapshot_month') }}
),

churn_flags as (
    select * from {{ ref('fct_churn_flags') }}
    where {{ in_open_months('snapshot_month') }}
),

bands as (select * from {{ ref('profile_bands') }}),

described as (
    select
        subscribers.snapshot_month,
        subscribers.gender,
        subscribers.area_type,
        subscribers.occupation,
        subscribers.income_band as income,
        subscribers.education_level as education,
        subscribers.brand,
        subscribers.customer_type,
        -- Nobody's birthday is on file: the age he reaches in the year of the month.
        cast(extract(year from subscribers.snapshot_month) - subscribers.birth_year as integer) as age_years,
        subscribers.tenure_months,
        case when subscribers.value_tier <> 'mass' then 1 else 0 end as is_mid_high,
        subscriber_months.billed_amount,
        case when churn_flags.is_effective_stop and churn_flags.is_voluntary_stop then 1 else 0 end as quantity_churn,
        case when churn_flags.is_effective_stop and not churn_flags.is_voluntary_stop then 1 else 0 end
            as involuntary_churn
    from subscribers
    inner join subscriber_months
        on subscribers.snapshot_month = subscriber_months.snapshot_month
        and subscribers.subscriber_id = subscriber_months.subscriber_id
    left join churn_flags
        on subscribers.snapshot_month = churn_flags.snapshot_month
        and subscribers.subscriber_id = churn_flags.subscriber_id
),

banded as (
    select
        described.*,
        age_bands.band_id as age,
        tenure_bands.band_id as tenure
    from described
    {%- for dimension, measure in [('age', 'age_years'), ('tenure', 'tenure_months')] %}
    left join bands as {{ dimension }}_bands
        on {{ dimension }}_bands.dimension = '{{ dimension }}'
        and described.{{ measure }} >= {{ dimension }}_bands.from_number
        and ({{ dimension }}_bands.to_number is null or described.{{ measure }} <= {{ dimension }}_bands.to_number)
    {%- endfor %}
),

in_dimensions as (
    {%- for dimension in [
        'age', 'gender', 'area_type', 'occupation', 'income', 'education', 'brand', 'tenure', 'customer_type'
    ] %}
    select
        snapshot_month,
        '{{ dimension }}' as dimension,
        coalesce({{ dimension }}, 'unknown') as category,
        is_mid_high,
        billed_amount,
        quantity_churn,
        involuntary_churn
    from banded
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

value_tiers as (
    select 'all' as value_tier, 0 as at_least_mid
    union all
    select 'mid_high' as value_tier, 1 as at_least_mid
),

counted as (
    select
        in_dimensions.snapshot_month,
        in_dimensions.dimension,
        in_dimensions.category,
        value_tiers.value_tier,
        cast(count(*) as bigint) as subscriber_count,
        cast(sum(in_dimensions.billed_amount) as decimal(18, 2)) as billed_amount,
        cast(count(in_dimensions.billed_amount) as bigint) as billed_count,
        cast(sum(in_dimensions.quantity_churn) as bigint) as quantity_churn_count,
        cast(sum(in_dimensions.involuntary_churn) as bigint) as involuntary_churn_count
    from in_dimensions
    inner join value_tiers on in_dimensions.is_mid_high >= value_tiers.at_least_mid
    group by
        in_dimensions.snapshot_month,
        in_dimensions.dimension,
        in_dimensions.category,
        value_tiers.value_tier
)

select * from counted
