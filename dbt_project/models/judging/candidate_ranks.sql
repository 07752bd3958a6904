{{ config(access='protected') }}

with

candidates as (
    select snapshot_month, subscriber_id, value_tier, average_amount_3m
    from {{ ref('dim_subscribers') }}
    where is_candidate and {{ in_run('snapshot_month') }}
),

scorecard as (select * from {{ ref('scorecard_scores') }} where {{ in_run('snapshot_month') }}),

churn_scores as (select * from {{ source('ml', 'churn_scores') }} where {{ in_run('snapshot_month') }}),

scored as (
    select
        candidates.snapshot_month,
        candidates.subscriber_id,
        candidates.value_tier,
        candidates.average_amount_3m,
        scorecard.score,
        scorecard.is_potential_churner,
        churn_scores.churn_probability,
        churn_scores.value_churn_probability
    from candidates
    inner join scorecard
        on candidates.snapshot_month = scorecard.snapshot_month
        and candidates.subscriber_id = scorecard.subscriber_id
    left join churn_scores
        on candidates.snapshot_month = churn_scores.snapshot_month
        and candidates.subscriber_id = churn_scores.subscriber_id
),

-- A place is shared by equals; twice the mean rank of those who share it keeps the sum of two methods whole.
placed as (
    select
        *,
        rank() over (partition by snapshot_month order by score desc) as scorecard_place,
        2 * rank() over (partition by snapshot_month order by score desc)
        + count(*) over (partition by snapshot_month, score) as scorecard_standing
        {%- for target, probability in [('quantity_churn', 'churn_probability'), ('value_churn', 'value_churn_probability')] %},
        case
            when {{ probability }} is not null
                then rank() over (partition by snapshot_month order by {{ probability }} desc nulls last)
        end as {{ target }}_model_place,
        case
            when {{ probability }} is not null
                then
                    2 * rank() over (partition by snapshot_month order by {{ probability }} desc nulls last)
                    + count(*) over (partition by snapshot_month, {{ probability }})
        end as {{ target }}_model_standing
        {%- endfor %}
    from scored
),

ranked as (
    select
        *,
        row_number() over (
            partition by snapshot_month order by score desc, average_amount_3m desc nulls last, subscriber_id asc
        ) as scorecard_rank
        {%- for target in ['quantity_churn', 'value_churn'] %},
        case
            when {{ target }}_model_place is not null
                then
                    row_number() over (
                        partition by snapshot_month order by {{ target }}_model_place nulls last, subscriber_id
                    )
        end as {{ target }}_model_rank,
        case
            when {{ target }}_model_standing is not null
                then
                    rank() over (
                        partition by snapshot_month
                        order by scorecard_standing + {{ target }}_model_standing nulls last
                    )
        end as {{ target }}_combined_place,
        case
            when {{ target }}_model_standing is not null
                then
                    row_number() over (
                        partition by snapshot_month
                        order by
                            scorecard_standing + {{ target }}_model_standing asc nulls last,
                            average_amount_3m desc nulls last,
                            subscriber_id asc
                    )
        end as {{ target }}_combined_rank
        {%- endfor %}
    from placed
),

final as (
    select
        snapshot_month,
        subscriber_id,
        value_tier,
        score,
        is_potential_churner,
        churn_probability,
        cast(scorecard_rank as bigint) as scorecard_rank,
        cast(scorecard_place as bigint) as scorecard_place
        {%- for target in ['quantity_churn', 'value_churn'] %}
        {%- for method in ['model', 'combined'] %},
        cast({{ target }}_{{ method }}_rank as bigint) as {{ target }}_{{ method }}_rank,
        cast({{ target }}_{{ method }}_place as bigint) as {{ target }}_{{ method }}_place
        {%- endfor %}
        {%- endfor %}
    from ranked
)

select * from final
