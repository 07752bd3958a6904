-- A prepaid line gets no bill: the revenue of the month (arpu) stands for it, as one item, since its parts overlap.
-- Negative revenue is kept. An empty figure stays an unknown amount; without the row the bill would count as 0.
select
    month as billing_month,
    subscriber_id,
    'other' as fee_item,
    cast(arpu as decimal(12, 2)) as amount_cny
from subscriber_months
