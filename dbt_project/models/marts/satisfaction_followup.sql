with

parameters as (select * from {{ ref('int_parameters') }}),

months_landed as (select * from {{ ref('int_months_landed') }} where {{ in_run('snapshot_month') }}),

surveys as (
    select *, {{ month_of('surveyed_at') }} as snapshot_month
    from {{ ref('stg_service__satisfaction_surveys') }}
),

service_contacts as (select * from {{ ref('stg_service__service_contacts') }}),

staff as (select * from {{ ref('stg_organisation__staff') }}),

targets as (select * from {{ ref('satisfaction_targets') }}),

followed_up as (
    select
        surveys.snapshot_month,
        coalesce(staff.role, 'unknown') as staff_role,
        service_contacts.channel as touch_point,
        surveys.item,
        surveys.score,
        surveys.surveyed_at between service_contacts.contacted_at
        and {{ dbt.dateadd('day', 'parameters.follow_up_days', 'service_contacts.contacted_at') }} as is_in_time
    from surveys
    inner join months_landed on surveys.snapshot_month = months_landed.snapshot_month
    inner join service_contacts on surveys.contact_id = service_contacts.contact_id
    cross join parameters
    left join staff on service_contacts.staff_id = staff.staff_id
    where surveys.kind = 'internal'
),

asked as (
    select snapshot_month, staff_role, touch_point, item, score, is_in_time from followed_up
    union all
    select snapshot_month, 'all' as staff_role, 'all' as touch_point, item, score, is_in_time from followed_up
),

internal as (
    select
        snapshot_month,
        staff_role,
        touch_point,
        item,
        cast(sum(case when is_in_time then 1 else 0 end) as bigint) as survey_count,
        cast(sum(case when is_in_time then 0 else 1 end) as bigint) as late_count,
        cast(sum(case when is_in_time then score end) as bigint) as score_sum
    from asked
    group by snapshot_month, staff_role, touch_point, item
),

-- The agency asks now and then: its newest answers stand beside the month.
external_months as (
    select
        months_landed.snapshot_month,
        surveys.item,
        max(surveys.snapshot_month) as external_month
    from months_landed
    inner join surveys
        on months_landed.snapshot_month >= surveys.snapshot_month and surveys.kind = 'external'
    group by months_landed.snapshot_month, surveys.item
),

external as (
    select
        external_months.snapshot_month,
        external_months.item,
        external_months.external_month,
        cast(count(*) as bigint) as external_count,
        cast(sum(surveys.score) as bigint) as external_score_sum
    from external_months
    inner join surveys
        on external_months.external_month = surveys.snapshot_month
        and external_months.item = surveys.item
        and surveys.kind = 'external'
    group by external_months.snapshot_month, external_months.item, external_months.external_month
),

-- What only the agency asks has a row of its own among the totals.
judged as (
    select snapshot_month, staff_role, touch_point, item, survey_count, late_count, score_sum from internal
    union all
    select
        external.snapshot_month,
        'all' as staff_role,
        'all' as touch_point,
        external.item,
        cast(0 as bigint) as survey_count,
        cast(0 as bigint) as late_count,
        cast(null as bigint) as score_sum
    from external
    left join internal
        on external.snapshot_month = internal.snapshot_month
        and external.item = internal.item
        and internal.staff_role = 'all'
    where internal.item is null
),

targeted as (
    select
        judged.*,
        external.external_month,
        external.external_count,
        external.external_score_sum,
        targets.operator,
        targets.threshold,
        row_number() over (
            partition by judged.snapshot_month, judged.staff_role, judged.touch_point, judged.item
            order by
                case when targets.staff_role is null then 1 else 0 end
                + case when targets.touch_point is null then 1 else 0 end
                + case when targets.item is null then 1 else 0 end,
                targets.rule_id
        ) as preference
    from judged
    left join external on judged.snapshot_month = external.snapshot_month and judged.item = external.item
    left join targets
        on (targets.staff_role is null or judged.staff_role = targets.staff_role)
        and (targets.touch_point is null or judged.touch_point = targets.touch_point)
        and (targets.item is null or judged.item = targets.item)
        and {{ rule_is_valid('judged.snapshot_month', 'targets') }}
),

scored as (
    select
        snapshot_month,
        staff_role,
        touch_point,
        item,
        survey_count,
        late_count,
        {{ share('score_sum', 'survey_count') }} as mean_score,
        threshold as target_score,
        {{ share('score_sum', 'survey_count') }} - cast(threshold as double) as gap,
        {{ rule_fires('score_sum', 'operator', 'threshold', 'survey_count') }} as is_target_met,
        external_month,
        external_count,
        {{ share('external_score_sum', 'external_count') }} as external_mean_score
    from targeted
    where preference = 1
),

final as (
    select
        snapshot_month,
        staff_role,
        touch_point,
        item,
        survey_count,
        late_count,
        mean_score,
        target_score,
        gap,
        case
            when gap is not null
                then
                    row_number() over (
                        partition by snapshot_month, case when staff_role = 'all' then 1 else 0 end
                        order by gap asc nulls last, staff_role asc, touch_point asc, item asc
                    )
        end as weakness_rank,
        is_target_met,
        external_month,
        external_count,
        external_mean_score
    from scored
)

select * from final
