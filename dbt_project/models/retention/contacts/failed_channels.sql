with

parameters as (select * from {{ ref('int_parameters') }}),

moments as (select * from {{ ref('contact_moments') }}),

contacts as (select * from {{ ref('fct_retention_contacts') }} where subscriber_id is not null),

-- Attempts at the colour the customer has now; at another the stages begin anew.
attempts as (
    select
        moments.assignment_id,
        contacts.channel,
        contacts.is_failed,
        row_number() over (
            partition by moments.assignment_id, contacts.channel
            order by contacts.contacted_at desc, contacts.attempt_no desc, contacts.assignment_id
        ) as newest_first
    from moments
    cross join parameters
    inner join contacts
        on moments.subscriber_id = contacts.subscriber_id
        and coalesce(moments.colour, 'none') = coalesce(contacts.colour, 'none')
        and moments.known_month >= contacts.contact_month
        and moments.last_day >= cast(contacts.contacted_at as date)
    where {{ dbt.datediff('cast(contacts.contacted_at as date)', 'moments.last_day', 'day') }} <= parameters.escalation_days
)

select
    assignment_id,
    channel
from attempts
where newest_first = 1 and is_failed
