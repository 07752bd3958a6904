with

defaults as (select * from {{ ref('parameters') }}),

operator_settings as (select * from {{ source('ops', 'operator_settings') }}),

resolved as (
    select
        defaults.parameter,
        coalesce(operator_settings.value, defaults.value) as parameter_value
    from defaults
    left join operator_settings on defaults.parameter = operator_settings.parameter
),

one_row as (
    select
        {%- for parameter, data_type in [
            ('gap_months', 'integer'), ('outcome_months', 'integer'), ('silence_months', 'integer'),
            ('minimum_tenure_months', 'integer'), ('tier_method', 'varchar'), ('tier_measure', 'varchar'),
            ('scorecard_threshold', 'integer'), ('value_horizon_months', 'integer'),
            ('usage_grain', 'varchar'),
            ('control_share', 'decimal(9, 4)'), ('control_salt', 'varchar'), ('escalation_days', 'integer'),
            ('fire_rate_limit', 'decimal(9, 4)'), ('interval_quantile', 'decimal(9, 4)'),
            ('power_quantile', 'decimal(9, 4)'), ('sample_ratio_limit', 'decimal(9, 4)'),
            ('follow_up_days', 'integer'), ('survival_months', 'integer'),
            ('survival_maximum_tenure_months', 'integer'),
        ] %}
        cast(max(case when parameter = '{{ parameter }}' then parameter_value end) as {{ data_type }})
            as {{ parameter }}{{ ',' if not loop.last }}
        {%- endfor %}
    from resolved
)

select * from one_row
