with

sources as (select * from {{ ref('measure_sources') }}),

raw_tables as (select * from {{ ref('raw_tables') }})

select
    sources.measured_in,
    sources.measure,
    sources.table_name,
    raw_tables.kind,
    sources.months_back
from sources
inner join raw_tables on sources.table_name = raw_tables.table_name
