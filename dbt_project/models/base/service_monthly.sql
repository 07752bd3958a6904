{{ config(meta={'rewrites_open_months': true}) }}

with

parameters as (select * from {{ ref('int_parameters') }}),

months_landed as (
    select
        months_landed.snapshot_month,
        months_landed.next_month,
        -- The last month whose run still writes this month's rows: what is learnt later finds them closed.
        {{ add_months(
            'months_landed.snapshot_month',
            'cast(parameters.gap_months + parameters.outcome_months + parameters.silence_months + 1 as integer)'
        ) }} as last_writing_month
    from {{ ref('int_months_landed') }} as months_landed
    cross join parameters
    where {{ in_open_months('months_landed.snapshot_month') }}
),

-- Up to where the books reach, so that nobody is called late before his time has come.
books as (select max(next_month) as reach_to from {{ ref('int_months_landed') }}),

tables_available as (select * from {{ ref('int_tables_available') }}),

subscribers as (
    select * from {{ ref('dim_subscribers') }}
    where {{ in_open_months('snapshot_month') }}
),

group_customers as (select * from {{ ref('stg_customer__group_customers') }}),

complaints as (select * from {{ ref('stg_service__complaints') }}),

-- Opened in the month, and known at its end.
complaints_opened as (
    select
        months_landed.snapshot_month,
        complaints.ticket_id,
        complaints.subscriber_id,
        complaints.category,
        least({{ add_months('months_landed.last_writing_month', 1) }}, books.reach_to) as told_before,
        months_landed.last_writing_month
    from months_landed
    cross join books
    inner join complaints
        on months_landed.snapshot_month >= complaints.known_from_month
        and (complaints.known_until_month is null or months_landed.snapshot_month < complaints.known_until_month)
        and months_landed.snapshot_month <= complaints.opened_at
        and months_landed.next_month > complaints.opened_at
),

-- Answers come after the month: the newest version tells.
complaints_answered as (
    select
        complaints_opened.snapshot_month,
        complaints_opened.subscriber_id,
        complaints_opened.category,
        case when newest.responded_at < complaints_opened.told_before then 1 else 0 end as responded_count,
        case
            when newest.due_at is null then null
            when newest.responded_at < complaints_opened.told_before and newest.responded_at <= newest.due_at then 0
            when newest.due_at < complaints_opened.told_before then 1
            else 0
        end as late_count
    from complaints_opened
    left join complaints as newest
        on complaints_opened.ticket_id = newest.ticket_id
        and complaints_opened.last_writing_month >= newest.known_from_month
        and (
            newest.known_until_month is null or complaints_opened.last_writing_month < newest.known_until_month
        )
),

events as (
    select
        landed_month as snapshot_month,
        'service_contact' as kind,
        channel as category,
        subscriber_id,
        group_id,
        cast(null as integer) as responded_count,
        satisfaction as score,
        cast(null as integer) as late_count
    from {{ ref('stg_service__service_contacts') }}
    union all
    select
        snapshot_month,
        'complaint' as kind,
        category,
        subscriber_id,
        null as group_id,
        responded_count,
        null as score,
        late_count
    from complaints_answered
    union all
    select
        landed_month as snapshot_month,
        'campaign_contact' as kind,
        channel as category,
        subscriber_id,
        null as group_id,
        case when is_responded then 1 when not is_responded then 0 end as responded_count,
        null as score,
        null as late_count
    from {{ ref('stg_service__campaign_contacts') }}
    union all
    select
        landed_month as snapshot_month,
        case when kind = 'external' then 'agency_survey' else 'satisfaction_survey' end as kind,
        item as category,
        subscriber_id,
        null as group_id,
        null as responded_count,
        score,
        null as late_count
    from {{ ref('stg_service__satisfaction_surveys') }}
),

located as (
    select
        events.snapshot_month,
        events.kind,
        coalesce(events.category, 'unknown') as category,
        events.subscriber_id,
        events.responded_count,
        events.score,
        events.late_count,
        coalesce(subscribers.branch_id, group_customers.branch_id, 'unknown') as branch_id
    from events
    inner join months_landed on events.snapshot_month = months_landed.snapshot_month
    left join subscribers
        on events.snapshot_month = subscribers.snapshot_month
        and events.subscriber_id = subscribers.subscriber_id
    left join group_customers
        on events.group_id = group_customers.group_id
        and events.snapshot_month >= group_customers.known_from_month
        and (
            group_customers.known_until_month is null
            or events.snapshot_month < group_customers.known_until_month
        )
),

totals as (
    select false as over_branches, false as over_categories
    union all
    select false as over_branches, true as over_categories
    union all
    select true as over_branches, false as over_categories
    union all
    select true as over_branches, true as over_categories
),

counted as (
    select
        located.snapshot_month,
        case when totals.over_branches then 'all' else located.branch_id end as branch_id,
        located.kind,
        case when totals.over_categories then 'all' else located.category end as category,
        cast(count(*) as bigint) as event_count,
        cast(count(distinct located.subscriber_id) as bigint) as subscriber_count,
        cast(sum(located.responded_count) as bigint) as responded_count,
        {{ share('sum(located.score)', 'count(located.score)') }} as mean_score,
        cast(sum(located.late_count) as bigint) as late_count
    from located
    cross join totals
    group by
        located.snapshot_month,
        case when totals.over_branches then 'all' else located.branch_id end,
        located.kind,
        case when totals.over_categories then 'all' else located.category end
),

-- A table that is there and holds nothing of the month says none; one that never landed says nothing.
months_without as (
    {%- for kind, table_name, is_answered, is_due in [
        ('service_contact', 'service_contacts', false, false), ('complaint', 'complaints', true, true),
        ('campaign_contact', 'campaign_contacts', true, false),
        ('satisfaction_survey', 'satisfaction_surveys', false, false),
    ] %}
    select
        months_landed.snapshot_month,
        'all' as branch_id,
        '{{ kind }}' as kind,
        'all' as category,
        cast(0 as bigint) as event_count,
        cast(0 as bigint) as subscriber_count,
        cast({{ 0 if is_answered else 'null' }} as bigint) as responded_count,
        cast(null as double) as mean_score,
        cast({{ 0 if is_due else 'null' }} as bigint) as late_count
    from months_landed
    inner join tables_available on months_landed.snapshot_month = tables_available.snapshot_month
    left join counted
        on months_landed.snapshot_month = counted.snapshot_month and counted.kind = '{{ kind }}'
    where tables_available.has_{{ table_name }} and counted.snapshot_month is null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select * from counted
    union all
    select * from months_without
)

select * from final
