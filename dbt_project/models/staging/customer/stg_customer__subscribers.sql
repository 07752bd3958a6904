with

source as (select * from {{ source('raw_customer', 'subscribers') }}),

renamed as (
    select
        subscriber_id,
        customer_id,
        account_id,
        plan_id,
        group_id,
        branch_id,
        home_cell_id,
        service_area_id,
        device_id,

        msisdn,
        status,
        brand,
        customer_type,
        area_type,
        gender,
        occupation,
        education_level,
        income_band,
        billing_mode,
        payer_type,
        credit_class,
        key_account_class,
        entry_brand,

        birth_year,
        star_level,
        points_balance,

        registered_local as is_registered_local,
        contact_complete as is_contact_complete,

        snapshot_month,
        activated_on,
        status_since,
        landed_month
    from source
)

select * from renamed
