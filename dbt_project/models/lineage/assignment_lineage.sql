{{ config(materialized='view', schema='retention', group='market_department') }}

{%- set of_file = {'item_id': 'file_name', 'label_en': 'table_name', 'label_zh': 'table_name', 'raw_tables': 'table_name'} %}
{%- set columns = evidence_columns() %}
with

-- A week takes customers and owners of the last month closed before it began: up to two months before the one it ends in.
looked_at as (
    select
        evidence.snapshot_month,
        evidence.warning_week,
        evidence.subscriber_id,
        evidence.assignment_id,
        evidence.list_kind,
        sources.table_name,
        case
            when evidence.list_kind = 'weekly_task' and sources.months_back = 1 then 3
            else sources.months_back
        end as months_back
    from {{ ref('assignment_evidence') }} as evidence
    inner join {{ ref('dim_measure_sources') }} as sources
        on evidence.measured_in = sources.measured_in and evidence.measure = sources.measure
),

-- Of a table that several pieces of evidence rest on, the longest look back; empty where one of them may rest on any file.
rested_on as (
    select
        snapshot_month,
        warning_week,
        subscriber_id,
        assignment_id,
        list_kind,
        table_name,
        case when count(*) = count(months_back) then max(months_back) end as months_back
    from looked_at
    group by snapshot_month, warning_week, subscriber_id, assignment_id, list_kind, table_name
),

files as (
    select
        rested_on.snapshot_month,
        rested_on.warning_week,
        rested_on.subscriber_id,
        rested_on.assignment_id,
        rested_on.list_kind,
        audit.table_name,
        audit.landed_month,
        audit.file_name,
        audit.checksum,
        audit.rows_accepted
    from rested_on
    inner join {{ source('ops', 'landing_audit') }} as audit
        on rested_on.table_name = audit.table_name
        and (
            audit.landed_month is null
            or (
                rested_on.snapshot_month >= audit.landed_month
                and (
                    rested_on.months_back is null
                    or rested_on.snapshot_month - rested_on.months_back * interval '1 month' < audit.landed_month
                )
            )
        )
)

select
    snapshot_month,
    warning_week,
    subscriber_id,
    assignment_id,
    list_kind,
    step_order,
    step,
    {%- for column in columns if column not in ('measured_in', 'file_name', 'checksum') %}
    {{ column }},
    {%- endfor %}
    cast(null as date) as landed_month,
    file_name,
    checksum,
    cast(null as bigint) as rows_accepted
from {{ ref('assignment_evidence') }}

union all

select
    snapshot_month,
    warning_week,
    subscriber_id,
    assignment_id,
    list_kind,
    14 as step_order,
    'source_file' as step,
    {%- for column, data_type in columns.items() if column not in ('measured_in', 'file_name', 'checksum') %}
    cast({{ of_file.get(column, 'null') }} as {{ data_type }}) as {{ column }},
    {%- endfor %}
    landed_month,
    file_name,
    checksum,
    rows_accepted
from files
