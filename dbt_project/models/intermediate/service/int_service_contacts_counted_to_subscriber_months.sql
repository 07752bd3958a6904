with

months_landed as (select * from {{ ref('int_months_landed') }}),

subscribers as (select * from {{ ref('stg_customer__subscribers') }}),

service_contacts as (select * from {{ ref('stg_service__service_contacts') }}),

recent_contacts as (
    select
        months_landed.snapshot_month,
        service_contacts.subscriber_id,
        service_contacts.group_id,
        service_contacts.channel,
        service_contacts.purpose,
        {{ month_number('service_contacts.landed_month') }} - months_landed.month_number as months_since_contact
    from months_landed
    inner join service_contacts
        on months_landed.snapshot_month >= service_contacts.landed_month
        and {{ add_months('months_landed.snapshot_month', -5) }} <= service_contacts.landed_month
),

-- Care of a group customer is care of each of his lines.
contacts_of_lines as (
    select snapshot_month, subscriber_id, channel, purpose, months_since_contact
    from recent_contacts
    where subscriber_id is not null

    union all

    select
        recent_contacts.snapshot_month,
        subscribers.subscriber_id,
        recent_contacts.channel,
        recent_contacts.purpose,
        recent_contacts.months_since_contact
    from recent_contacts
    inner join subscribers
        on recent_contacts.group_id = subscribers.group_id
        and recent_contacts.snapshot_month = subscribers.snapshot_month
    where recent_contacts.subscriber_id is null
),

counted as (
    select
        snapshot_month,
        subscriber_id,
        sum(case when months_since_contact >= -2 then 1 else 0 end) as service_contact_count_3m,
        sum(case when purpose = 'bill_detail_enquiry' and months_since_contact >= -2 then 1 else 0 end)
            as bill_enquiry_count_3m,
        sum(case when channel = 'hall' and months_since_contact >= -2 then 1 else 0 end) as hall_contact_count_3m,
        sum(case when purpose = 'key_account_care' then 1 else 0 end) as care_contact_count_6m
    from contacts_of_lines
    group by snapshot_month, subscriber_id
)

select * from counted
