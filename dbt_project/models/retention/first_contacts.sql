with

owners as (select * from {{ ref('would_be_owners') }} where {{ in_run('snapshot_month') }}),

scores as (select * from {{ ref('scorecard_scores') }} where {{ in_run('snapshot_month') }}),

lifecycle_stages as (select * from {{ ref('int_lifecycle_stages_judged') }}),

warnings as (
    select distinct week_month as snapshot_month, subscriber_id, colour
    from {{ ref('churn_warnings') }}
    where {{ in_run('week_month') }}
),

levels as (select * from {{ ref('warning_levels') }}),

phases as (select * from {{ ref('retention_phases') }}),

stages as (select * from {{ ref('contact_stages') }}),

due_dates as (select * from {{ ref('due_dates') }} where {{ in_run('snapshot_month') }}),

-- The highest colour of the month's weeks.
colours as (
    select
        warnings.snapshot_month,
        warnings.subscriber_id,
        warnings.colour,
        row_number() over (
            partition by warnings.snapshot_month, warnings.subscriber_id order by levels.colour_rank, warnings.colour
        ) as preference
    from warnings
    inner join levels
        on warnings.colour = levels.colour and {{ rule_is_valid('warnings.snapshot_month', 'levels') }}
),

coloured as (
    select
        owners.snapshot_month,
        owners.subscriber_id,
        owners.is_visit_possible,
        lifecycle_stages.lifecycle_stage,
        colours.colour,
        coalesce(colours.colour, 'none') as contact_colour,
        coalesce(colours.colour, 'other') as situation,
        coalesce(colours.colour in ('red', 'yellow'), false) or coalesce(scores.is_potential_churner, false)
            as is_at_risk_by_rules
    from owners
    left join scores on owners.snapshot_month = scores.snapshot_month and owners.subscriber_id = scores.subscriber_id
    left join lifecycle_stages
        on owners.snapshot_month = lifecycle_stages.snapshot_month
        and owners.subscriber_id = lifecycle_stages.subscriber_id
    left join colours
        on owners.snapshot_month = colours.snapshot_month
        and owners.subscriber_id = colours.subscriber_id
        and colours.preference = 1
),

-- The first phase that fits a colour, on the list and off it.
phases_of_colours as (
    select
        situations.snapshot_month,
        situations.situation,
        min(phases.phase_order) as listed_order,
        min(case when phases.situation <> 'listed' then phases.phase_order end) as unlisted_order
    from (select distinct snapshot_month, situation from coloured) as situations
    inner join phases
        on phases.situation in (situations.situation, 'listed', 'other')
        and {{ rule_is_valid('situations.snapshot_month', 'phases') }}
    group by situations.snapshot_month, situations.situation
),

phase_names as (select distinct phase_order, phase from phases),

-- The first stage of the colour, and the first that a person works: before it a message may stand. Of equal stages the one
-- that needs a visit's data, where there are any.
contacts as (
    select
        coloured.snapshot_month,
        coloured.subscriber_id,
        coloured.lifecycle_stage,
        coloured.colour,
        coloured.situation,
        coloured.is_at_risk_by_rules,
        stages.stage,
        stages.channel,
        stages.uses_capacity,
        stages.working_days_to_due,
        stages.contact_cost_amount,
        stages.saving_chance,
        row_number() over (
            partition by coloured.snapshot_month, coloured.subscriber_id
            order by stages.stage_order, case when stages.needs_visit_data then 0 else 1 end, stages.stage
        ) as preference,
        row_number() over (
            partition by coloured.snapshot_month, coloured.subscriber_id, stages.uses_capacity
            order by stages.stage_order, case when stages.needs_visit_data then 0 else 1 end, stages.stage
        ) as preference_of_kind
    from coloured
    left join stages
        on coloured.contact_colour = stages.colour
        and {{ rule_is_valid('coloured.snapshot_month', 'stages') }}
        and (not stages.needs_visit_data or coloured.is_visit_possible)
)

select
    contacts.snapshot_month,
    contacts.subscriber_id,
    contacts.lifecycle_stage,
    contacts.colour,
    contacts.is_at_risk_by_rules,
    listed_phases.phase as listed_phase,
    unlisted_phases.phase as unlisted_phase,
    contacts.stage,
    contacts.channel,
    contacts.uses_capacity,
    due_dates.due_date,
    contacts.contact_cost_amount,
    contacts.saving_chance,
    worked.stage as worked_stage,
    worked.channel as worked_channel,
    worked_due_dates.due_date as worked_due_date,
    worked.contact_cost_amount as worked_contact_cost_amount,
    worked.saving_chance as worked_saving_chance
from contacts
left join contacts as worked
    on contacts.snapshot_month = worked.snapshot_month
    and contacts.subscriber_id = worked.subscriber_id
    and worked.uses_capacity
    and worked.preference_of_kind = 1
left join phases_of_colours
    on contacts.snapshot_month = phases_of_colours.snapshot_month
    and contacts.situation = phases_of_colours.situation
left join phase_names as listed_phases on phases_of_colours.listed_order = listed_phases.phase_order
left join phase_names as unlisted_phases on phases_of_colours.unlisted_order = unlisted_phases.phase_order
left join due_dates
    on contacts.snapshot_month = due_dates.snapshot_month
    and contacts.working_days_to_due = due_dates.working_days_to_due
left join due_dates as worked_due_dates
    on worked.snapshot_month = worked_due_dates.snapshot_month
    and worked.working_days_to_due = worked_due_dates.working_days_to_due
where contacts.preference = 1
