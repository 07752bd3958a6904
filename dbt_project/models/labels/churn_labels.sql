{{ config(meta={'rewrites_open_months': true}) }}

with

parameters as (select * from {{ ref('int_parameters') }}),

months_landed as (select * from {{ ref('int_months_landed') }}),

subscribers as (
    select
        subscribers.snapshot_month,
        subscribers.subscriber_id,
        subscribers.status,
        subscribers.brand,
        {{ month_number('subscribers.snapshot_month') }} as month_number,
        {{ month_number('subscribers.snapshot_month') }} + parameters.gap_months + 1 as first_outcome_month,
        {{ month_number('subscribers.snapshot_month') }} + parameters.gap_months + parameters.outcome_months
            as last_outcome_month
    from {{ ref('dim_subscribers') }} as subscribers
    cross join parameters
    where
        subscribers.snapshot_month >= {{ first_open_month() }}
        and subscribers.snapshot_month <= {{ run_month('to_month') }}
),

activity_runs as (select *, {{ month_number('snapshot_month') }} as month_number from {{ ref('int_activity_runs') }}),

effective_stops as (select *, {{ month_number('stop_month') }} as month_number from {{ ref('int_effective_stops') }}),

churn_flags as (
    select *, {{ month_number('snapshot_month') }} as month_number from {{ ref('int_churn_flags_judged') }}
),

later_subscribers as (
    select snapshot_month, subscriber_id, brand, {{ month_number('snapshot_month') }} as month_number
    from {{ ref('dim_subscribers') }}
    where snapshot_month >= {{ first_open_month() }}
),

-- A brand ranks as its best plan.
brand_ranks as (
    select brand, min(brand_rank) as brand_rank
    from {{ ref('dim_plans') }}
    group by brand
),

stops_ahead as (
    select
        subscribers.snapshot_month,
        subscribers.subscriber_id,
        min(effective_stops.month_number) as stop_month_number
    from subscribers
    inner join effective_stops
        on subscribers.subscriber_id = effective_stops.subscriber_id
        and subscribers.month_number <= effective_stops.month_number
        and subscribers.last_outcome_month >= effective_stops.month_number
    group by subscribers.snapshot_month, subscribers.subscriber_id
),

-- The window's last month in the books settles the row; a line deleted before it is settled by then.
observed as (
    select
        subscribers.snapshot_month,
        subscribers.subscriber_id,
        subscribers.first_outcome_month,
        subscribers.last_outcome_month,
        subscribers.status = 'active' as is_active,
        last_outcome.snapshot_month is not null as is_window_landed,
        case
            when window_end.subscriber_id is null then subscribers.last_outcome_month
            when window_end.settled_month < subscribers.last_outcome_month then subscribers.last_outcome_month
            else window_end.settled_month
        end as settled_month,
        stops_ahead.stop_month_number,
        effective_stops.is_voluntary,
        churn_flags.is_value_loss,
        ranks_before.brand_rank as brand_rank_before,
        ranks_after.brand_rank as brand_rank_after
    from subscribers
    left join months_landed as last_outcome on subscribers.last_outcome_month = last_outcome.month_number
    left join activity_runs as window_end
        on subscribers.subscriber_id = window_end.subscriber_id
        and subscribers.last_outcome_month = window_end.month_number
    left join stops_ahead
        on subscribers.snapshot_month = stops_ahead.snapshot_month
        and subscribers.subscriber_id = stops_ahead.subscriber_id
    left join effective_stops
        on stops_ahead.subscriber_id = effective_stops.subscriber_id
        and stops_ahead.stop_month_number = effective_stops.month_number
    left join churn_flags
        on subscribers.subscriber_id = churn_flags.subscriber_id
        and subscribers.last_outcome_month = churn_flags.month_number
    left join later_subscribers
        on subscribers.subscriber_id = later_subscribers.subscriber_id
        and subscribers.last_outcome_month = later_subscribers.month_number
    left join brand_ranks as ranks_before on subscribers.brand = ranks_before.brand
    left join brand_ranks as ranks_after on later_subscribers.brand = ranks_after.brand
),

closed as (
    select
        observed.*,
        closing_month.snapshot_month as closed_in_month,
        -- Stopped at the snapshot or in the gap: nobody could have acted, so nothing is judged.
        coalesce(
            observed.is_active
            and (observed.stop_month_number is null or observed.stop_month_number >= observed.first_outcome_month),
            false
        ) as is_judged
    from observed
    left join months_landed as closing_month
        on observed.settled_month = closing_month.month_number and observed.is_window_landed
),

labelled as (
    select
        snapshot_month,
        subscriber_id,
        closed_in_month is not null as is_label_closed,
        case when closed_in_month is not null and is_judged then coalesce(is_voluntary, false) end as is_quantity_churn,
        case
            when closed_in_month is not null and is_judged and is_voluntary
                then cast(stop_month_number - first_outcome_month + 1 as integer)
        end as quantity_churn_month,
        case when closed_in_month is not null and is_judged then coalesce(not is_voluntary, false) end
            as is_involuntary_churn,
        case when closed_in_month is not null and is_judged then is_value_loss end as is_value_churn,
        case when closed_in_month is not null and is_judged then brand_rank_after > brand_rank_before end
            as is_brand_downgrade,
        closed_in_month
    from closed
)

select * from labelled
