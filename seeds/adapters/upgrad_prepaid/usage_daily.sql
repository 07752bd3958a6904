-- A month's usage lands on its last day: the file knows no days. Left out as unknown: all counts of calls and messages
-- (calls to the own hotline are there in minutes only), and minutes at night.
with

usage_months as (
    select
        cast(month + interval 1 month - interval 1 day as date) as usage_date,
        subscriber_id,
        cast(total_og_mou as decimal(10, 2)) as out_minutes,
        cast(total_ic_mou as decimal(10, 2)) as in_minutes,
        -- Holds roaming calls to others too, which the total does not: for some lines it is above out_minutes.
        cast(offnet_mou as decimal(10, 2)) as offnet_out_minutes,
        cast(std_og_mou as decimal(10, 2)) + cast(isd_og_mou as decimal(10, 2)) as long_distance_minutes,
        cast(roam_og_mou as decimal(10, 2)) + cast(roam_ic_mou as decimal(10, 2)) as roaming_minutes,
        cast(vol_2g_mb as decimal(14, 2)) + cast(vol_3g_mb as decimal(14, 2)) as data_mb
    from subscriber_months
)

-- A month of zeros is known, and says that the line was silent; a month without any figure says nothing.
select * from usage_months
where coalesce(out_minutes, in_minutes, offnet_out_minutes, long_distance_minutes, roaming_minutes, data_mb) is not null
