-- Every setting of operator.toml is a parameter of parameters.csv; a misspelt one would silently leave the default. It compares a
-- source with a seed. The failure names the setting.
{%- set unknown %}
select 'operator.toml: ' || operator_settings.parameter || ' is no parameter of parameters.csv; correct its name' as message
from {{ source('ops', 'operator_settings') }} as operator_settings
left join {{ ref('parameters') }} as parameters on operator_settings.parameter = parameters.parameter
where parameters.parameter is null
{%- endset %}
{{ failing_with_messages(unknown) }}
