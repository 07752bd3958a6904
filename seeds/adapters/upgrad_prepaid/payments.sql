-- A month's recharges are one payment on the day of the last: the file knows their sum and that day alone.
-- Recharges for data are inside the sum: where a line's only recharge was for data both figures agree, and revenue
-- is 86 % of the sum for those who buy data as for those who do not. Adding them again would count them twice.
-- Recharges of nothing, which only prolong validity, are no payments. Left out as unknown: the channel.
select
    subscriber_id || '-' || strftime(month, '%Y-%m') as payment_id,
    subscriber_id as account_id,
    -- Months come first in both forms (6/21/2014 and 08-08-2014): read so, every date lies in its column's month.
    strptime(replace(date_of_last_rech, '-', '/'), '%m/%d/%Y') as paid_at,
    cast(total_rech_amt as decimal(12, 2)) as amount_cny,
    -- Prepaid money comes in by recharge.
    'recharge_card' as payment_method
from subscriber_months
where cast(total_rech_amt as decimal(12, 2)) > 0
