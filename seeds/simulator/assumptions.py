"""What is assumed of the made-up operator: every behavioural number, with its unit.

Belongs here: rates, shares and effect sizes, by theme. Not here: catalogues (`catalogue/*.csv`), code.
Rates are per line and month unless a unit says otherwise. None of them is measured on a real operator.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class PopulationAssumptions:
    """Who the subscribers are."""

    group_share: float = 0.15
    """Share of lines that belong to a group customer."""
    group_pays_share: float = 0.60
    """Share of group lines whose bill the group pays."""
    second_line_share: float = 0.09
    """Share of personal lines that belong to the customer of another line."""
    shared_device_share: float = 0.15
    """Share of second lines that sit in the same handset as the first."""
    spend_median_cny: float = 47.0
    spend_log_deviation: float = 0.84
    minutes_per_cny: float = 3.3
    minutes_log_deviation: float = 0.45
    data_mb_per_cny: float = 105.0
    data_log_deviation: float = 0.60
    mean_tenure_months: float = 50.0
    entrant_rate: float = 0.0195
    """Entrants a month as a share of the lines that live, before season."""
    too_dear_share: float = 0.22
    """Share of lines that were sold a plan one or two steps too dear."""
    closed_plan_share: float = 0.06
    """Share of the founding lines that sit on a plan no longer on sale."""
    plan_guess_log_deviation: float = 0.20
    """How far a customer's guess of own use was off when the plan was sold."""
    longest_tenure_months: float = 240.0
    group_one_cell_share: float = 0.5
    """Share of a group's lines that use one and the same cell."""
    without_data_share: float = 0.06
    local_share: float = 0.78
    unknown_share: float = 0.04
    contact_shares: tuple[float, float, float] = (0.84, 0.10, 0.06)
    """Contact data complete, incomplete, not known."""
    key_account_spend_cny: float = 220.0
    key_account_share: float = 0.18
    """Share of lines above that spend."""
    roamer_share: float = 0.35
    activity_beta: tuple[float, float] = (5.0, 1.2)
    """Of the chance of a day with use, before what the spend adds."""
    sms_gamma: tuple[float, float] = (0.6, 12.0)
    received_log: tuple[float, float] = (0.05, 0.28)
    """Log of minutes received to made: mean, deviation."""
    offnet_beta: tuple[float, float] = (4.0, 6.0)
    night_beta: tuple[float, float] = (1.2, 14.0)
    long_distance_beta: tuple[float, float] = (1.5, 9.0)
    fraud_share_of_entrants: float = 0.008
    second_sim_share: float = 0.04
    do_not_contact_share: float = 0.006
    do_not_contact_rate: float = 0.0003


@dataclass(frozen=True)
class OrganisationAssumptions:
    """How many people look after how many lines."""

    lines_per_area: float = 800.0
    lines_per_agent: float = 1500.0
    lines_per_group: float = 25.0
    groups_per_manager: float = 12.0
    group_size_log_deviation: float = 0.8
    managed_group_share: float = 0.9
    successor_share: float = 0.12
    """Of the keepers who hand their area to another."""
    manager_change_rate: float = 0.01
    branch_visits: float = 4.0
    """Visits a month per thousand lines of the branch; calls likewise."""
    branch_calls: float = 12.5
    capacity_of_role: tuple[int, int, int] = (40, 120, 30)
    """Customers a month: account manager, call agent, hall staff."""


@dataclass(frozen=True)
class BehaviourAssumptions:
    """Why people think of leaving, and how thinking turns into leaving.

    A line is settled, considering or leaving. A settled line starts to consider with the sum of the
    intensities of its reasons; the reason it started for stays its cause.
    """

    price_intensity: float = 0.070
    """Per unit of share of the bill that the best-fit plan would save, beyond the tolerance."""
    price_tolerance: float = 0.10
    quality_intensity: float = 0.041
    """At a home cell whose badness is 1."""
    service_intensity: float = 0.10
    """Per unanswered or badly answered complaint; fades by `fading` a month."""
    billing_intensity: float = 0.030
    """Per unit of relative jump of the bill above its mean of three months, beyond a quarter."""
    competition_intensity: float = 0.0025
    """Always there, times the branch's competitor and the line's sensitivity."""
    offensive_intensity: float = 0.0072
    """Added while a competitor's offensive runs, times the same."""
    second_sim_intensity: float = 0.024
    contract_end_intensity: float = 0.10
    """Around a contract's end, unless renewed."""
    social_intensity: float = 0.012
    """Per unit of off-net share beyond a half: friends are elsewhere."""
    group_leaving_intensity: float = 0.28
    """For lines of a group whose members leave together."""
    arrears_intensity: float = 0.018
    """While the account is overdue."""
    traceless_intensity: float = 0.0019
    """Relocation, convenience, regulation, unknown: leaves no trace."""
    traceless_causes: tuple[tuple[str, float], ...] = (
        ("relocation", 0.4),
        ("convenience", 0.2),
        ("regulation", 0.1),
        ("unknown", 0.3),
    )
    lock_months: float = 2.0
    """Months a contract must still run to hold its line."""
    contract_end_months: tuple[float, float] = (-2.0, 1.0)
    """Months of contract left between which its end is a reason."""
    contract_lock: float = 0.30
    """Factor on all reasons while a contract holds the line."""
    mass_factor: float = 1.15
    newcomer_factor: float = 1.9
    """Factor at tenure 0, fading with `newcomer_months`."""
    newcomer_months: float = 10.0
    frailty_shape: float = 10.0
    """Of the gamma factor (mean 1) that no data show."""
    sensitivity_shape: float = 5.0
    """Of the gamma factor (mean 1) on what competitors do."""
    young_sensitivity: float = 1.5
    young_since: int = 1990
    """Year of birth from which a line counts as young."""
    old_sensitivity: float = 0.75
    fading: float = 0.60
    highest_monthly_intensity: float = 0.45

    considering_to_leaving: float = 0.26
    considering_to_settled: float = 0.26
    leaving_to_settled: float = 0.14
    sudden_share: float = 0.28
    """Share of the chance to start considering that is a stop at once, without a drift before it."""
    stop_when_considering: float = 0.07
    stop_when_leaving: float = 0.22
    lock_on_stop: float = 0.55
    """Factor on the stop itself while a contract holds the line."""
    offensive_on_stop: float = 1.20

    drift_considering: float = 0.55
    drift_leaving: float = 0.90
    drift_speed: float = 0.60
    """Share of the way to its target that the drift of behaviour goes in a month."""
    drift_deviation: float = 0.10

    second_sim_onset: float = 0.0025
    second_sim_end: float = 0.05
    group_leaving_onset: float = 0.006
    """Per group and month."""
    group_leaving_months: int = 4
    second_sim_speed: float = 0.5
    """Share of the way that use of a second SIM goes in a month; episodes and savings likewise."""
    episode_speed: float = 0.5
    saving_speed: float = 0.4
    plan_downgrade_rate: float = 0.045
    """Per unit of share of the bill that the best-fit plan would save."""
    plan_upgrade_rate: float = 0.040
    """For lines whose bill is well above their rent and for whom a dearer plan is cheaper."""
    shrink_rate: float = 0.007
    """Starts an episode of spending less without leaving."""
    growth_rate: float = 0.005
    episode_months: int = 8
    shrink_factor: float = 0.55
    growth_factor: float = 1.45
    appetite_deviation: float = 0.03
    """Of the monthly log step of usage; pulled back by a fifth."""


@dataclass(frozen=True)
class LifecycleAssumptions:
    """How lines stop, come back and are deleted."""

    kind_shares: tuple[tuple[str, float], ...] = (
        ("hall_request", 0.31),
        ("reported", 0.16),
        ("port_out", 0.24),
        ("termination", 0.14),
        ("silence", 0.15),
    )
    competitive_port_out_share: float = 0.42
    """Share of ports among those who leave for price or competition."""
    silent_before_stop_share: float = 0.55
    silent_days_mean: float = 5.0
    silent_days_most: int = 14
    deletion_days: tuple[int, int] = (85, 96)
    """Days from the official stop to the deletion."""
    number_swap_rate: float = 0.0005
    temporary_stop_rate: float = 0.0012
    temporary_stop_days: tuple[int, int] = (10, 60)
    away_rate: float = 0.004
    """Starts a silence that ends by itself."""
    away_days: tuple[int, int] = (7, 43)
    administrative_rate: float = 0.0002
    fraud_found_rate: float = 0.5
    """For lines entered in fraud, from their second month on."""
    eligibility_query_rate_leaving: float = 0.22
    eligibility_query_rate_others: float = 0.0006


@dataclass(frozen=True)
class UsageAssumptions:
    """How a line is used, day by day."""

    minutes_per_call: float = 2.6
    mood_spread: float = 0.20
    """Part of a day's voice use that is drawn anew every day."""
    weekend_voice: float = 0.85
    weekday_voice: float = 1.06
    weekend_data: float = 1.15
    weekday_data: float = 0.94
    missed_share: float = 0.15
    contacts_per_call: float = 0.7
    info_calls_per_day: float = 0.01
    in_group_share: float = 0.35
    roaming_trip_rate: float = 0.08
    trip_days: tuple[int, int] = (2, 8)
    roaming_share: float = 0.8
    fraud_factor: float = 12.0
    drift_on_made: float = 0.65
    """Share of calls made that a full drift takes away; the next ones likewise."""
    drift_on_received: float = 0.30
    drift_on_data: float = 0.55
    drift_on_activity: float = 0.15
    drift_on_offnet: float = 0.22
    """Added to the off-net share by a full drift."""
    second_sim_on_made: float = 0.40
    second_sim_on_received: float = 0.10
    second_sim_on_offnet: float = 0.10
    forwarded_per_day: float = 0.004
    """Calls forwarded on a day of use by anybody; then what habit, drift and a second SIM add."""
    forwarder_share: float = 0.07
    forwarder_per_day: float = 0.25
    forwarder_competitor_share: float = 0.25
    forwarded_per_day_price_war: float = 0.05
    """Added where competitors do more than an ordinary offensive: calls follow to the number being tried."""
    forwarded_per_day_drifting: float = 0.20
    competitor_forward_share_drifting: float = 0.75
    second_sim_forwarded_per_day: float = 0.12
    second_sim_competitor_share: float = 0.40
    competitor_hotline_per_day: float = 0.007
    competitor_hotline_per_day_offensive: float = 0.006
    competitor_hotline_per_day_drifting: float = 0.07
    own_hotline_per_day: float = 0.010
    own_hotline_per_day_drifting: float = 0.05
    own_hotline_per_day_complaining: float = 0.06


@dataclass(frozen=True)
class BillingAssumptions:
    """How bills are paid."""

    postpaid_share_mid: float = 0.85
    postpaid_share_mass: float = 0.45
    discipline_shares: tuple[tuple[float, float], ...] = ((0.87, 0.988), (0.07, 0.86), (0.06, 0.50))
    """(share of accounts, probability to pay what is due in a month)."""
    pay_when_suspended: float = 0.40
    pay_when_stopped: float = 0.45
    partial_share: float = 0.04
    reversal_share: float = 0.002
    suspend_after_months: int = 3
    give_up_after_months: int = 1
    """Whole months that a line stays suspended for debt before it is given up in the next."""
    chronic_share: float = 0.02
    """Share of prepaid lines that run out of balance now and then."""
    chronic_stop_rate: float = 0.65
    """Short debt stops a month of a chronic line (at most one is drawn)."""


@dataclass(frozen=True)
class ServiceAssumptions:
    """Complaints, contacts, contracts and services."""

    complaint_rate: float = 0.015
    complaint_shares: tuple[float, ...] = (0.3, 0.3, 0.2, 0.1, 0.1)
    """Billing, network, service, product, other: of the complaints without a particular cause."""
    network_complaint_rate: float = 0.10
    """At a home cell whose badness is 1."""
    billing_complaint_rate: float = 0.06
    """Per unit of relative jump of the bill beyond 0.3."""
    drifting_complaint_rate: float = 0.07
    """At a full drift."""
    never_answered_share: float = 0.15
    """Of the complaints answered late."""
    hours_to_close: float = 36.0
    """From the answer."""
    stress_of_troubles: tuple[float, float, float, float] = (1.0, 0.7, 0.4, 0.4)
    """Unanswered past due, answered late, closed unhappily, severe: what each adds to a line's stress."""
    stress_fading: float = 0.55
    most_stress: float = 3.0
    rated_share: float = 0.6
    group_visit_rate: float = 0.35
    bill_detail_share: float = 0.15
    bill_detail_share_doubting: float = 0.55
    agency_share: float = 0.005
    """Of the lines, each quarter."""
    campaign_response_share: float = 0.08
    campaign_acceptance_share: float = 0.30
    """Of those who respond."""
    severe_share: float = 0.12
    hours_to_answer: float = 48.0
    late_answer_days: float = 12.0
    care_rate: float = 0.60
    """Care contacts a month of a key account."""
    hall_rate: float = 0.05
    follow_up_share: float = 0.30
    campaign_share: float = 0.05
    rebate_share: float = 0.40
    """Share of lines above the contract spend that founded with a rebate contract."""
    handset_share: float = 0.16
    contract_spend_cny: float = 75.0
    contract_uptake: float = 0.018
    entrant_contract_factor: float = 0.5
    """On the shares of founders; services likewise."""
    entrant_service_factor: float = 0.4
    handset_factor: float = 0.4
    """On uptake and renewal, for handset contracts."""
    drifting_eagerness: float = 0.12
    """Factor on uptake and renewal for those who think of leaving."""
    rebate_share_of_spend: float = 0.10
    renewal_rate: float = 0.42
    service_uptake: float = 0.010
    """Per line and service, times the service's popularity over its mean."""
    service_drop: float = 0.012
    service_drop_drifting: float = 0.18


@dataclass(frozen=True)
class NetworkAssumptions:
    """Cells and what goes wrong with them."""

    lines_per_cell: float = 150.0
    bad_onset: float = 0.014
    bad_end: float = 0.09
    faults_per_bad_cell: float = 0.8
    faults_per_good_cell: float = 0.03
    fault_hours: float = 30.0


@dataclass(frozen=True)
class MarketAssumptions:
    """The competitor."""

    offensive_rate: float = 0.085
    """Per branch and month."""
    offensive_everywhere_rate: float = 0.03
    offensive_months: tuple[int, int] = (2, 4)
    announced_days_before: tuple[int, int] = (10, 45)
    price_war_level: float = 5.0
    """A price war in offensives: how many of them it pulls like, everywhere, month after month."""


@dataclass(frozen=True)
class Assumptions:
    """All themes together."""

    population: PopulationAssumptions = field(default_factory=PopulationAssumptions)
    organisation: OrganisationAssumptions = field(default_factory=OrganisationAssumptions)
    behaviour: BehaviourAssumptions = field(default_factory=BehaviourAssumptions)
    lifecycle: LifecycleAssumptions = field(default_factory=LifecycleAssumptions)
    usage: UsageAssumptions = field(default_factory=UsageAssumptions)
    billing: BillingAssumptions = field(default_factory=BillingAssumptions)
    service: ServiceAssumptions = field(default_factory=ServiceAssumptions)
    network: NetworkAssumptions = field(default_factory=NetworkAssumptions)
    market: MarketAssumptions = field(default_factory=MarketAssumptions)
