with

listed as (
    select * from {{ source('retention', 'responsibilities') }} where {{ in_run('snapshot_month') }}
),

causes as (select * from {{ ref('causes') }}),

subscribers as (select * from {{ ref('dim_subscribers') }} where {{ in_run('snapshot_month') }}),

bills as (
    select snapshot_month, subscriber_id, billed_amount
    from {{ ref('fct_subscriber_months') }}
    where {{ in_run('snapshot_month') }}
),

-- Whoever lives in no known cell is counted for his branch.
placed as (
    select
        listed.snapshot_month,
        causes.mending_unit_type,
        listed.main_cause as cause,
        case when causes.mending_place = 'cell' and subscribers.home_cell_id is not null then 'cell' else 'branch' end
            as place_type,
        case when causes.mending_place = 'cell' then coalesce(subscribers.home_cell_id, subscribers.branch_id)
            else subscribers.branch_id
        end as place_id,
        subscribers.customer_id,
        bills.billed_amount
    from listed
    inner join causes on listed.main_cause = causes.cause
    inner join subscribers
        on listed.snapshot_month = subscribers.snapshot_month and listed.subscriber_id = subscribers.subscriber_id
    left join bills
        on listed.snapshot_month = bills.snapshot_month and listed.subscriber_id = bills.subscriber_id
    where causes.mending_unit_type is not null
),

requested as (
    select
        snapshot_month,
        mending_unit_type,
        cause,
        place_type,
        coalesce(place_id, 'unknown') as place_id,
        cast(count(*) as bigint) as subscriber_count,
        cast(count(distinct customer_id) as bigint) as customer_count,
        cast(sum(billed_amount) as decimal(18, 2)) as billed_amount
    from placed
    group by snapshot_month, mending_unit_type, cause, place_type, coalesce(place_id, 'unknown')
)

select * from requested
