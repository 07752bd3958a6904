{{ config(materialized='table') }}

with

org_units as (select * from {{ ref('stg_organisation__org_units') }})

select
    unit_id,
    unit_name,
    unit_type,
    branch_id,
    monthly_visit_capacity,
    monthly_call_capacity
from org_units
