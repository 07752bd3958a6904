with

first_contacts as (select * from {{ ref('first_contacts') }} where is_candidate and {{ in_run('snapshot_month') }}),

listed as (
    select * from {{ source('retention', 'responsibilities') }} where {{ in_run('snapshot_month') }}
),

rule_causes as (select * from {{ ref('rule_causes') }} where cause_rank = 1 and {{ in_run('snapshot_month') }}),

subscribers as (select * from {{ ref('dim_subscribers') }} where {{ in_run('snapshot_month') }}),

strategies as (select * from {{ ref('strategies_in_force') }} where {{ in_run('snapshot_month') }}),

-- Off the list no model explains anybody, so the rules' cause is all there is.
phased as (
    select
        first_contacts.snapshot_month,
        first_contacts.subscriber_id,
        first_contacts.colour,
        coalesce(listed.phase, first_contacts.unlisted_phase) as phase,
        coalesce(listed.main_cause, rule_causes.cause, 'unknown') as main_cause,
        first_contacts.lifecycle_stage,
        subscribers.brand,
        subscribers.value_tier
    from first_contacts
    inner join subscribers
        on first_contacts.snapshot_month = subscribers.snapshot_month
        and first_contacts.subscriber_id = subscribers.subscriber_id
    left join listed
        on first_contacts.snapshot_month = listed.snapshot_month
        and first_contacts.subscriber_id = listed.subscriber_id
    left join rule_causes
        on first_contacts.snapshot_month = rule_causes.snapshot_month
        and first_contacts.subscriber_id = rule_causes.subscriber_id
)

select
    phased.snapshot_month,
    phased.subscriber_id,
    phased.colour,
    phased.phase,
    phased.lifecycle_stage,
    phased.main_cause,
    strategies.strategy_id
from phased
left join strategies
    on phased.snapshot_month = strategies.snapshot_month
    and phased.main_cause = strategies.cause
    and phased.phase = strategies.phase
    and coalesce(phased.lifecycle_stage, '') = coalesce(strategies.lifecycle_stage, '')
    and coalesce(phased.brand, '') = coalesce(strategies.brand, '')
    and phased.value_tier = strategies.value_tier
    and not strategies.is_stopped
