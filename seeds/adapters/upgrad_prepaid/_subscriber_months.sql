-- One row per subscriber and month. The file is wide, with one row per mobile number and a column per figure and month
-- (_6 June to _9 September 2014), and is unpivoted once for all tables. Everything is still text.
with

lines as (
    select
        *,
        -- A stable name that shows no phone number. It does not protect one: whoever has a number can hash it too.
        'prepaid_' || substr(sha256(mobile_number), 1, 16) as subscriber_id
    from source
)

select
    subscriber_id,
    mobile_number,
    circle_id,
    aon,
    date '2014-06-01' as month,
    arpu_6 as arpu,
    total_og_mou_6 as total_og_mou,
    total_ic_mou_6 as total_ic_mou,
    offnet_mou_6 as offnet_mou,
    std_og_mou_6 as std_og_mou,
    isd_og_mou_6 as isd_og_mou,
    roam_og_mou_6 as roam_og_mou,
    roam_ic_mou_6 as roam_ic_mou,
    vol_2g_mb_6 as vol_2g_mb,
    vol_3g_mb_6 as vol_3g_mb,
    total_rech_amt_6 as total_rech_amt,
    date_of_last_rech_6 as date_of_last_rech
from lines
union all
select
    subscriber_id,
    mobile_number,
    circle_id,
    aon,
    date '2014-07-01' as month,
    arpu_7 as arpu,
    total_og_mou_7 as total_og_mou,
    total_ic_mou_7 as total_ic_mou,
    offnet_mou_7 as offnet_mou,
    std_og_mou_7 as std_og_mou,
    isd_og_mou_7 as isd_og_mou,
    roam_og_mou_7 as roam_og_mou,
    roam_ic_mou_7 as roam_ic_mou,
    vol_2g_mb_7 as vol_2g_mb,
    vol_3g_mb_7 as vol_3g_mb,
    total_rech_amt_7 as total_rech_amt,
    date_of_last_rech_7 as date_of_last_rech
from lines
union all
select
    subscriber_id,
    mobile_number,
    circle_id,
    aon,
    date '2014-08-01' as month,
    arpu_8 as arpu,
    total_og_mou_8 as total_og_mou,
    total_ic_mou_8 as total_ic_mou,
    offnet_mou_8 as offnet_mou,
    std_og_mou_8 as std_og_mou,
    isd_og_mou_8 as isd_og_mou,
    roam_og_mou_8 as roam_og_mou,
    roam_ic_mou_8 as roam_ic_mou,
    vol_2g_mb_8 as vol_2g_mb,
    vol_3g_mb_8 as vol_3g_mb,
    total_rech_amt_8 as total_rech_amt,
    date_of_last_rech_8 as date_of_last_rech
from lines
union all
select
    subscriber_id,
    mobile_number,
    circle_id,
    aon,
    date '2014-09-01' as month,
    arpu_9 as arpu,
    total_og_mou_9 as total_og_mou,
    total_ic_mou_9 as total_ic_mou,
    offnet_mou_9 as offnet_mou,
    std_og_mou_9 as std_og_mou,
    isd_og_mou_9 as isd_og_mou,
    roam_og_mou_9 as roam_og_mou,
    roam_ic_mou_9 as roam_ic_mou,
    vol_2g_mb_9 as vol_2g_mb,
    vol_3g_mb_9 as vol_3g_mb,
    total_rech_amt_9 as total_rech_amt,
    date_of_last_rech_9 as date_of_last_rech
from lines
