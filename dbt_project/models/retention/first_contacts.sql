with

owners as (select * from {{ ref('would_be_owners') }} where {{ in_run('snapshot_month') }}),

scores as (select * from {{ ref('scorecard_scores') }} where {{ in_run('snapshot_month') }}),

lifecycle_stages as (select * from {{ ref('int_lifecycle_stages_judged') }}),

month_colours as (select * from {{ ref('month_colours') }} where {{ in_run('snapshot_month') }}),

failed_channels as (select * from {{ ref('failed_channels') }}),

phases as (select * from {{ ref('retention_phases') }}),

stages as (select * from {{ ref('contact_stages') }}),

months_landed as (select * from {{ ref('int_months_landed') }}),

due_dates as (select * from {{ ref('due_dates') }}),

coloured as (
    select
        owners.snapshot_month,
        owners.subscriber_id,
        owners.assignment_id,
        owners.is_candidate,
        owners.is_lost,
        owners.is_visit_possible,
        months_landed.next_month,
        lifecycle_stages.lifecycle_stage,
        month_colours.colour,
        coalesce(month_colours.colour, 'none') as contact_colour,
        coalesce(month_colours.colour, 'other') as situation,
        owners.is_candidate
        and (coalesce(month_colours.colour in ('red', 'yellow'), false) or coalesce(scores.is_potential_churner, false))
            as is_at_risk_by_rules
    from owners
    inner join months_landed on owners.snapshot_month = months_landed.snapshot_month
    left join scores on owners.snapshot_month = scores.snapshot_month and owners.subscriber_id = scores.subscriber_id
    left join lifecycle_stages
        on owners.snapshot_month = lifecycle_stages.snapshot_month
        and owners.subscriber_id = lifecycle_stages.subscriber_id
    left join month_colours
        on owners.snapshot_month = month_colours.snapshot_month
        and owners.subscriber_id = month_colours.subscriber_id
),

-- The first phase that fits a colour, on the list, off it, and on the list of the lost.
phases_of_colours as (
    select
        situations.snapshot_month,
        situations.situation,
        min(case when phases.situation <> 'lost' then phases.phase_order end) as listed_order,
        min(case when phases.situation not in ('listed', 'lost') then phases.phase_order end) as unlisted_order,
        min(phases.phase_order) as lost_order
    from (select distinct snapshot_month, situation from coloured) as situations
    inner join phases
        on phases.situation in (situations.situation, 'listed', 'lost', 'other')
        and {{ rule_is_valid('situations.snapshot_month', 'phases') }}
    group by situations.snapshot_month, situations.situation
),

phase_names as (select distinct phase_order, phase from phases),

-- The stages of the colour, and those that a person works: before them a message may stand. Whatever failed of late comes
-- last, the last of the stages first.
contacts as (
    select
        coloured.snapshot_month,
        coloured.subscriber_id,
        coloured.is_candidate,
        coloured.is_lost,
        coloured.lifecycle_stage,
        coloured.colour,
        coloured.situation,
        coloured.is_at_risk_by_rules,
        coloured.next_month,
        stages.stage,
        stages.channel,
        stages.uses_capacity,
        stages.working_days_to_due,
        stages.contact_cost_amount,
        stages.saving_chance,
        {%- for kind, name in [('', 'preference'), (', stages.uses_capacity', 'preference_of_kind')] %}
        row_number() over (
            partition by coloured.snapshot_month, coloured.subscriber_id{{ kind }}
            order by
                case when failed_channels.channel is null then stages.stage_order end asc nulls last,
                stages.stage_order desc,
                stages.stage asc
        ) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from coloured
    left join stages
        on coloured.contact_colour = stages.colour
        and {{ rule_is_valid('coloured.snapshot_month', 'stages') }}
        and (not stages.needs_visit_data or coloured.is_visit_possible)
    left join failed_channels
        on coloured.assignment_id = failed_channels.assignment_id and stages.channel = failed_channels.channel
)

select
    contacts.snapshot_month,
    contacts.subscriber_id,
    contacts.is_candidate,
    contacts.is_lost,
    contacts.lifecycle_stage,
    contacts.colour,
    contacts.is_at_risk_by_rules,
    listed_phases.phase as listed_phase,
    unlisted_phases.phase as unlisted_phase,
    case when contacts.is_lost then lost_phases.phase end as lost_phase,
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
left join phase_names as lost_phases on phases_of_colours.lost_order = lost_phases.phase_order
left join due_dates
    on contacts.next_month = due_dates.begins_on
    and contacts.working_days_to_due = due_dates.working_days_to_due
left join due_dates as worked_due_dates
    on worked.next_month = worked_due_dates.begins_on
    and worked.working_days_to_due = worked_due_dates.working_days_to_due
where contacts.preference = 1
