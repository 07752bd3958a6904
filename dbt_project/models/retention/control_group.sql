with

parameters as (select * from {{ ref('int_parameters') }}),

owners as (select * from {{ ref('would_be_owners') }} where {{ in_run('snapshot_month') }}),

-- Drawn by customer, the lines of a group together: whoever is held out stays so, whatever list he stands on.
drawn as (
    select
        owners.snapshot_month,
        owners.subscriber_id,
        coalesce(owners.group_id, owners.customer_id, owners.subscriber_id) as held_together_by,
        {{ random_share("parameters.control_salt || '|' || coalesce(owners.group_id, owners.customer_id, owners.subscriber_id)") }}
            as drawn_share,
        parameters.control_share
    from owners
    cross join parameters
)

select
    snapshot_month,
    subscriber_id,
    held_together_by,
    drawn_share,
    drawn_share < control_share as is_held_out
from drawn
