-- In each month of the run every cause has in every phase a strategy for any customer, whatever his stage, brand or tier. It
-- is about pairs that may be missing, which no generic test can say. The failure names cause, phase and month.
{%- set missing %}
select
    'retention_strategies.csv: no row for any customer is valid in ' || cast(months.snapshot_month as varchar)
    || ' for the cause ' || causes.cause || ' in the phase ' || phases.phase || '; add one' as message
from {{ ref('int_months_landed') }} as months
cross join {{ ref('causes') }} as causes
cross join (select distinct phase from {{ ref('retention_phases') }}) as phases
left join {{ ref('retention_strategies') }} as rules
    on causes.cause = rules.cause
    and phases.phase = rules.phase
    and {{ rule_is_valid('months.snapshot_month') }}
    and rules.lifecycle_stage is null
    and rules.brand is null
    and rules.value_tier is null
    and not rules.is_for_stopped_lines
where {{ in_run('months.snapshot_month') }} and rules.strategy_id is null
{%- endset %}
{{ failing_with_messages(missing) }}
