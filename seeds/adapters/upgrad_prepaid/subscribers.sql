-- Every number in every month: the file keeps its numbers from June to September. Left out as unknown: since when the
-- status holds, whether the area is urban, and everything about the person.
select
    month as snapshot_month,
    subscriber_id,
    -- The file knows lines only; each counts as a customer and an account of its own.
    subscriber_id as customer_id,
    subscriber_id as account_id,
    mobile_number as msisdn,
    -- Age on network is one figure a line, without a date. It is read as of the file's last day: the latest reading,
    -- so that no tenure is overstated in the months before.
    cast(date '2014-09-30' - cast(aon as integer) as date) as activated_on,
    -- The file knows no status. A line in it is on the books; who has left shows by silence alone.
    'active' as status,
    -- One brand and one plan: the file tells packs apart, but no tariff.
    'prepaid' as brand,
    'prepaid' as plan_id,
    'personal' as customer_type,
    -- A telecom circle is the only area there is.
    circle_id as branch_id,
    'prepaid' as billing_mode
from subscriber_months
