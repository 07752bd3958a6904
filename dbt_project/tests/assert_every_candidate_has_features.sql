-- In each month of the run the wide table holds exactly the candidates: what is missing is never scored, what is too
-- much is trained on. It compares two tables, which no test of one model can.
with

candidates as (
    select snapshot_month, subscriber_id
    from {{ ref('dim_subscribers') }}
    where is_candidate and {{ in_run('snapshot_month') }}
),

features as (
    select snapshot_month, subscriber_id
    from {{ ref('subscriber_features') }}
    where {{ in_run('snapshot_month') }}
)

select
    coalesce(candidates.snapshot_month, features.snapshot_month) as snapshot_month,
    coalesce(candidates.subscriber_id, features.subscriber_id) as subscriber_id,
    candidates.subscriber_id is null as is_no_candidate
from candidates
full outer join features
    on candidates.snapshot_month = features.snapshot_month and candidates.subscriber_id = features.subscriber_id
where candidates.subscriber_id is null or features.subscriber_id is null
