{{ config(materialized='view', access='protected', contract={'enforced': false}) }}

-- The months that models are judged on: none of their rows is open any more.
select
    snapshot_month,
    max(closed_in_month) as closed_in_month
from {{ ref('churn_labels') }}
where {{ in_open_months('snapshot_month') }}
group by snapshot_month
having count(*) = count(closed_in_month)
