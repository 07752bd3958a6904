with

owners as (select * from {{ ref('would_be_owners') }} where {{ in_run('snapshot_month') }}),

month_colours as (select * from {{ ref('month_colours') }} where {{ in_run('snapshot_month') }}),

weekly_owners as (select * from {{ ref('weekly_owners') }} where {{ week_in_run('warning_week') }}),

-- A weekly run judges its week alone.
moments as (
    {%- if not run_week() %}
    select
        owners.assignment_id,
        owners.subscriber_id,
        owners.snapshot_month as known_month,
        cast(null as date) as warning_week,
        owners.snapshot_month as described_month,
        {{ month_end('owners.snapshot_month') }} as last_day,
        month_colours.colour,
        month_colours.colour_rank,
        owners.is_visit_possible
    from owners
    left join month_colours
        on owners.snapshot_month = month_colours.snapshot_month
        and owners.subscriber_id = month_colours.subscriber_id
        and owners.is_candidate

    union all
    {%- endif %}

    select
        assignment_id,
        subscriber_id,
        week_month as known_month,
        warning_week,
        base_month as described_month,
        {{ add_days('warning_week', -1) }} as last_day,
        colour,
        colour_rank,
        is_visit_possible
    from weekly_owners
)

select * from moments
