with

months_landed as (select * from {{ ref('int_months_landed') }}),

market_events as (select * from {{ ref('stg_market__market_events') }}),

branches as (
    select distinct snapshot_month, branch_id
    from {{ ref('stg_customer__subscribers') }}
    where branch_id is not null
),

-- Announced by the end of the month, and running in it.
offensives as (
    select
        branches.snapshot_month,
        branches.branch_id,
        count(*) as offensive_count
    from branches
    inner join months_landed on branches.snapshot_month = months_landed.snapshot_month
    inner join market_events
        on (market_events.branch_id is null or branches.branch_id = market_events.branch_id)
        and months_landed.next_month > market_events.announced_on
        and months_landed.next_month > market_events.starts_on
        and (market_events.ends_on is null or months_landed.snapshot_month <= market_events.ends_on)
    where market_events.event_type = 'competitor_tariff'
    group by branches.snapshot_month, branches.branch_id
)

select * from offensives
