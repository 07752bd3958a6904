{{ config(tags=['weekly'], meta={'month_column': 'known_month', 'week_column': 'warning_week'}) }}

with

moments as (select * from {{ ref('contact_moments') }}),

rules as (select * from {{ ref('suppression_reasons') }}),

subscribers as (select * from {{ ref('stg_customer__subscribers') }}),

status_changes as (
    select
        subscriber_id,
        to_status,
        reason,
        landed_month,
        cast(changed_at as date) as changed_on,
        cast(lead(changed_at) over (partition by subscriber_id order by changed_at) as date) as next_changed_on
    from {{ ref('stg_customer__status_changes') }}
),

involuntary_reasons as (select distinct reason from {{ ref('stop_kinds') }} where not is_voluntary),

contacts as (select * from {{ ref('fct_retention_contacts') }} where is_reached),

-- A message by the system is no contact.
message_channels as (select distinct channel from {{ ref('contact_stages') }} where not uses_capacity),

facts as (
    select
        subscriber_id,
        'port_out_' || kind as fact,
        cast(requested_at as date) as happened_on,
        cast(null as date) as ended_on,
        landed_month as known_from_month,
        cast(null as integer) as colour_rank
    from {{ ref('stg_customer__port_out_requests') }}

    union all

    select
        subscriber_id,
        'do_not_contact' as fact,
        since as happened_on,
        cast(null as date) as ended_on,
        cast(null as date) as known_from_month,
        cast(null as integer) as colour_rank
    from {{ ref('stg_customer__do_not_contact') }}

    union all

    select
        subscriber_id,
        'blacklist' as fact,
        since as happened_on,
        cast(null as date) as ended_on,
        cast(null as date) as known_from_month,
        cast(null as integer) as colour_rank
    from {{ ref('stg_customer__blacklist') }}

    union all

    select
        status_changes.subscriber_id,
        'involuntary_stop' as fact,
        status_changes.changed_on as happened_on,
        status_changes.next_changed_on as ended_on,
        status_changes.landed_month as known_from_month,
        cast(null as integer) as colour_rank
    from status_changes
    inner join involuntary_reasons on status_changes.reason = involuntary_reasons.reason
    where status_changes.to_status <> 'active'

    union all

    select
        contacts.subscriber_id,
        'contact' as fact,
        cast(contacts.contacted_at as date) as happened_on,
        cast(null as date) as ended_on,
        contacts.contact_month as known_from_month,
        contacts.colour_rank
    from contacts
    left join message_channels on contacts.channel = message_channels.channel
    where message_channels.channel is null
),

facts_at_moments as (
    select
        moments.assignment_id,
        moments.subscriber_id,
        moments.known_month,
        moments.warning_week,
        moments.last_day,
        moments.colour_rank,
        facts.fact,
        facts.colour_rank as fact_colour_rank,
        facts.happened_on
    from moments
    inner join facts
        on moments.subscriber_id = facts.subscriber_id
        and moments.last_day >= facts.happened_on
        and (facts.ended_on is null or moments.last_day < facts.ended_on)
        and (facts.known_from_month is null or moments.known_month >= facts.known_from_month)

    union all

    select
        moments.assignment_id,
        moments.subscriber_id,
        moments.known_month,
        moments.warning_week,
        moments.last_day,
        moments.colour_rank,
        'no_contact_data' as fact,
        cast(null as integer) as fact_colour_rank,
        moments.last_day as happened_on
    from moments
    inner join subscribers
        on moments.described_month = subscribers.snapshot_month and moments.subscriber_id = subscribers.subscriber_id
    where not coalesce(subscribers.is_contact_complete, false) and coalesce(trim(subscribers.msisdn), '') = ''
),

-- Whoever was reached at a lower colour than now, or at none, is contacted again.
judged as (
    select
        facts_at_moments.assignment_id,
        facts_at_moments.subscriber_id,
        facts_at_moments.known_month,
        facts_at_moments.warning_week,
        facts_at_moments.happened_on,
        rules.reason,
        rules.reason_rank
    from facts_at_moments
    inner join rules
        on facts_at_moments.fact = rules.fact and {{ rule_is_valid('facts_at_moments.known_month') }}
    where
        {{ rule_fires(dbt.datediff('facts_at_moments.happened_on', 'facts_at_moments.last_day', 'day'), 'rules.operator', 'rules.threshold') }}
        and (
            facts_at_moments.fact <> 'contact'
            or facts_at_moments.colour_rank is null
            or coalesce(facts_at_moments.colour_rank >= facts_at_moments.fact_colour_rank, false)
        )
)

select
    assignment_id,
    subscriber_id,
    known_month,
    warning_week,
    reason,
    cast(min(reason_rank) as integer) as reason_rank,
    max(happened_on) as happened_on
from judged
group by assignment_id, subscriber_id, known_month, warning_week, reason
