"""The tables that Python makes: their columns, types and comments, created where missing.

Belongs here: declarations of `ml.*`, of the lists and tasks of `retention.*`, and of `ops.*`. Not here: raw
tables (`landing/`), whatever SQL makes (`dbt_project/`), who writes what (`defs/`). The dbt project describes
the same tables as its sources; `python -m tests.architecture.python_sources` writes them from here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

MONEY = "decimal(14,2)"


@dataclass(frozen=True)
class Column:
    """One column; the comment is what a reader of the published table sees."""

    name: str
    data_type: str
    comment: str


@dataclass(frozen=True)
class Table:
    """One table; `grain` says what a row is, `key` which columns name it."""

    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


def _columns(*rows: tuple[str, str, str]) -> tuple[Column, ...]:
    return tuple(Column(*row) for row in rows)


_MONTH = ("snapshot_month", "date", "First day of the billing month at whose end this was known")
_SUBSCRIBER = ("subscriber_id", "varchar", "Stable pseudonymous id of one service line")
_TARGET = (
    "target",
    "varchar",
    "What is predicted: quantity_churn (voluntary), involuntary_churn or value_churn in the outcome window, "
    "or quantity_churn_1m, quantity_churn_2m in its first one or two months",
)
_TRAINED = ("trained_for_month", "date", "Month at whose end the model was trained: nothing later was used")
_TEST = (
    "test_month",
    "date",
    "Newest snapshot month that the model was judged on, later than those it learnt from",
)
_AUC = ("auc", "double", "Chance that a churner is scored above a subscriber who stays")
_AUC_LOW = ("auc_low", "double", "Lower end of the 95 % interval of auc")
_AUC_HIGH = ("auc_high", "double", "Upper end of the 95 % interval of auc")
_PRECISION = ("average_precision", "double", "Mean precision over the ranks of the churners")


def _interval(measure: str) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    return (
        (f"{measure}_low", "double", f"Lower end of the 95 % interval of {measure}"),
        (f"{measure}_high", "double", f"Upper end of the 95 % interval of {measure}"),
    )


_CAUSE = ("cause", "varchar", "Cause of churn, of the one list in the rule book")

TABLES: dict[str, Table] = {
    "ml.models": Table(
        "One row per trained model.",
        ("model_id",),
        _columns(
            ("model_id", "varchar", "Target and month trained for; names the folder of the model"),
            _TARGET,
            _TRAINED,
            ("is_released", "boolean", "Whether months from trained_for_month on are scored with it"),
            _AUC,
            _AUC_LOW,
            _AUC_HIGH,
            _PRECISION,
            ("top_decile_lift", "double", "Churn rate of the tenth scored highest over that of all"),
            ("lift_low", "double", "Lower end of the 95 % interval of top_decile_lift"),
            ("lift_high", "double", "Upper end of the 95 % interval of top_decile_lift"),
            ("churners", "bigint", "Churners in the test month"),
            ("rows", "bigint", "Candidates in the test month"),
            _TEST,
            ("checksum", "varchar", "SHA-256 of model.ubj"),
            ("reason", "varchar", "Why it is released or not"),
        ),
    ),
    "ml.model_evaluations": Table(
        "One row per trained model and contender: the model and the naive rules, judged on the same rows.",
        ("trained_for_month", "target", "contender"),
        _columns(
            _TRAINED,
            _TARGET,
            (
                "contender",
                "varchar",
                "model, in_force (what the month found in force), logistic (regression), or a rule: "
                "scorecard, bill_ratio (last bill against its mean), tenure",
            ),
            _TEST,
            ("rows", "bigint", "Candidates judged on"),
            ("churners", "bigint", "Churners among them"),
            _AUC,
            _AUC_LOW,
            _AUC_HIGH,
            _PRECISION,
            ("average_precision_low", "double", "Lower end of the 95 % interval of average_precision"),
            ("average_precision_high", "double", "Upper end of the 95 % interval of average_precision"),
            ("top_decile_lift", "double", "Churn rate of the tenth scored highest over that of all"),
            ("top_decile_lift_low", "double", "Lower end of the 95 % interval of top_decile_lift"),
            ("top_decile_lift_high", "double", "Upper end of the 95 % interval of top_decile_lift"),
            ("expected_churners", "double", "Sum of the probabilities; null for rules, which give none"),
            (
                "calibration_slope",
                "double",
                "1 when probabilities are as spread as the truth; null for rules",
            ),
            (
                "calibration_intercept",
                "double",
                "0 when probabilities are as high as the truth, below it too high; null for rules",
            ),
            (
                "observed_over_expected",
                "double",
                "Churners over expected_churners, below 1 where too many were foretold; null for rules",
            ),
            *_interval("observed_over_expected"),
            ("log_loss", "double", "Mean log loss of the probabilities; null for rules"),
            *_interval("log_loss"),
            ("top_decile_precision", "double", "Share of churners among the tenth scored highest"),
            *_interval("top_decile_precision"),
            (
                "capacity",
                "bigint",
                "Customers whom the units can contact in a month, scaled down with the candidates where a "
                "sample of them is judged; null without units",
            ),
            ("precision_at_capacity", "double", "Share of churners among as many as can be contacted"),
            *_interval("precision_at_capacity"),
            ("lift_at_capacity", "double", "precision_at_capacity over the churn rate of all"),
            *_interval("lift_at_capacity"),
            (
                "expected_maximum_profit",
                "double",
                "EMPC per candidate, in money: the best profit over all chances of acceptance",
            ),
            *_interval("expected_maximum_profit"),
            ("maximum_profit", "double", "MPC per candidate, in money, at the mean chance of acceptance"),
            *_interval("maximum_profit"),
            ("lifetime_value", "double", "Worth of a customer that both profits assume"),
            ("offer_cost", "double", "Cost of an offer that both profits assume"),
            ("contact_cost", "double", "Cost of a contact that both profits assume"),
            ("acceptance_alpha", "double", "First parameter of the beta distribution of acceptance"),
            ("acceptance_beta", "double", "Second parameter of the beta distribution of acceptance"),
        ),
    ),
    "ml.releases": Table(
        "One row per month and target: the model in force, and why it and not the month's new one.",
        ("snapshot_month", "target"),
        _columns(
            _MONTH,
            _TARGET,
            ("model_id", "varchar", "Model that the month is scored with; null where the rules decide"),
            (
                "decided_by",
                "varchar",
                "first (released, none was in force), gate (released in the other's place), kept (not "
                "released, the other goes on) or roll_back (ops.rollbacks)",
            ),
            (
                "intercept_shift",
                "double",
                "Added to all log-odds of the model in force, where closed months that it has not learnt "
                "from show that the base rate moved; 0: none",
            ),
            ("challenger_model_id", "varchar", "Model trained for the month; null where there is none"),
            ("reason_code", "varchar", "Code of the deciding reason"),
            ("reason_en", "varchar", "The reason in English"),
            ("reason_zh", "varchar", "The reason in Chinese"),
            ("top_decile_lift", "double", "Top-decile lift of the challenger in its test month"),
            ("strongest_rule", "varchar", "Rule with the highest top-decile lift on the same rows"),
            ("rules_top_decile_lift", "double", "Top-decile lift of strongest_rule on those rows"),
            (
                "lift_gain",
                "double",
                "Top-decile lift of the challenger less that of the model in force before",
            ),
            *_interval("lift_gain"),
            (
                "profit_gain",
                "double",
                "Expected maximum profit per candidate, challenger less model in force before",
            ),
            *_interval("profit_gain"),
            ("calibration_slope", "double", "Calibration slope of the challenger in its test month"),
            ("in_force_age_months", "bigint", "Months since the model in force before was trained"),
            (
                "in_force_observed_over_expected",
                "double",
                "Churners that it met over those that it foretold, in the newest closed month",
            ),
        ),
    ),
    "ml.month_notes": Table(
        "One row per month and target without a model of that month: why there is none.",
        ("snapshot_month", "target"),
        _columns(
            _MONTH, _TARGET, ("note", "varchar", "Why no model was trained, and what was scored with instead")
        ),
    ),
    "ml.churn_scores": Table(
        "One row per candidate and snapshot month; none while no model is released.",
        ("snapshot_month", "subscriber_id"),
        _columns(
            _MONTH,
            _SUBSCRIBER,
            ("model_id", "varchar", "Model of voluntary quantity churn that gave the score"),
            ("churn_probability", "double", "Probability of voluntary quantity churn in the outcome window"),
            (
                "value_churn_probability",
                "double",
                "Probability of value churn in the outcome window; null without such a model",
            ),
            (
                "involuntary_churn_probability",
                "double",
                "Probability of involuntary churn in the outcome window; null without such a model",
            ),
            (
                "churn_probability_1m",
                "double",
                "Probability of voluntary quantity churn in the window's first month; null without a model",
            ),
            (
                "churn_probability_2m",
                "double",
                "Probability of voluntary quantity churn in the window's first two months, between the first "
                "month's and churn_probability; null without such a model",
            ),
            (
                "hazard_1m",
                "double",
                "Probability of leaving in the first month of the outcome window; null without its model",
            ),
            (
                "hazard_2m",
                "double",
                "Probability of leaving in the second month for those still there; null without its models",
            ),
            (
                "hazard_3m",
                "double",
                "Probability of leaving in the third month for those still there; null without its models",
            ),
            ("risk_rank", "bigint", "Rank by churn probability, 1 is the highest; ties by subscriber id"),
            (
                "value_at_risk",
                MONEY,
                "Churn probability x mean bill of three months x months of the value horizon",
            ),
        ),
    ),
    "ml.feature_drift": Table(
        "One row per scored month, model and feature: how far the month's candidates lie from those "
        "that the model learnt from.",
        ("snapshot_month", "model_id", "feature"),
        _columns(
            _MONTH,
            ("model_id", "varchar", "Model that scored the month"),
            ("feature", "varchar", "Feature of the model"),
            (
                "psi",
                "double",
                "Population stability index against the months trained on, missing values a bin; 0: the same",
            ),
            ("critical_value", "double", "Index that chance exceeds in 5 of 100 samples of so many rows"),
            ("psi_over_critical", "double", "psi in units of critical_value: below 1 chance explains it"),
            ("known_psi", "double", "The same index of the known values alone"),
            (
                "known_critical_value",
                "double",
                "Index of known values that chance exceeds in 5 of 100 samples",
            ),
            ("missing_share", "double", "Share of the month's candidates without a value known in training"),
            ("reference_missing_share", "double", "Share of those trained on without a value"),
            ("rows", "bigint", "Candidates of the month"),
            ("level", "varchar", "ok, investigate or stop (parameters.csv)"),
        ),
    ),
    "ml.score_drift": Table(
        "One row per scored month and model: how its scores lie, and what came of earlier ones by then.",
        ("snapshot_month", "model_id"),
        _columns(
            _MONTH,
            ("model_id", "varchar", "Model that scored the month"),
            ("psi", "double", "Population stability index of the probabilities against those calibrated on"),
            ("critical_value", "double", "Index that chance exceeds in 5 of 100 samples of so many rows"),
            ("psi_over_critical", "double", "psi in units of critical_value: below 1 chance explains it"),
            ("rows", "bigint", "Candidates of the month"),
            ("mean_probability", "double", "Mean probability of voluntary quantity churn"),
            ("expected_churners", "double", "Sum of the probabilities"),
            ("judged_month", "date", "Newest scored month whose labels were all closed by then; null: none"),
            ("judged_model_id", "varchar", "Model that had scored the judged month"),
            ("judged_expected_churners", "double", "Sum of the judged month's probabilities"),
            ("judged_churners", "bigint", "Voluntary quantity churners of the judged month"),
            ("observed_over_expected", "double", "judged_churners over judged_expected_churners; 1 is right"),
            ("observed_over_expected_low", "double", "Lower end of its exact 95 % Poisson interval"),
            ("observed_over_expected_high", "double", "Upper end of its exact 95 % Poisson interval"),
            ("calibration_slope", "double", "Slope of the outcome on the log-odds; 1 is right"),
            ("calibration_intercept", "double", "What the log-odds lacked, slope held at 1; 0 is right"),
            (
                "early_month",
                "date",
                "Scored month whose outcome window ended with this one, labels still open; null: none",
            ),
            ("early_expected_churners", "double", "Sum of the early month's probabilities"),
            (
                "early_churners",
                "bigint",
                "Its voluntary churners by status alone; whoever only fell silent is still missing",
            ),
            ("early_observed_over_expected", "double", "early_churners over early_expected_churners"),
            (
                "judged_early_share",
                "double",
                "early_churners of the judged month in its time, over judged_churners",
            ),
            ("level", "varchar", "ok, investigate or stop (parameters.csv)"),
            ("alarms", "varchar", "Figures that call for the level, comma-separated; empty where ok"),
        ),
    ),
    "ml.churn_reasons": Table(
        "One row per scored subscriber who may be listed, snapshot month and reason, five at most.",
        ("snapshot_month", "subscriber_id", "reason_rank"),
        _columns(
            _MONTH,
            _SUBSCRIBER,
            ("reason_rank", "integer", "1 is the strongest reason"),
            ("feature", "varchar", "Feature that raises the score"),
            _CAUSE,
            (
                "contribution",
                "double",
                "Log-odds that the feature adds, against the mean of the subscriber's value tier",
            ),
            ("sentence", "varchar", "The reason in plain words, in the operator's language"),
            ("sentence_en", "varchar", "The reason in plain English"),
            ("sentence_zh", "varchar", "The reason in plain Chinese"),
        ),
    ),
    "ml.cause_scores": Table(
        "One row per scored subscriber who may be listed, snapshot month and cause, three at most.",
        ("snapshot_month", "subscriber_id", "cause_rank"),
        _columns(
            _MONTH,
            _SUBSCRIBER,
            _CAUSE,
            (
                "contribution",
                "double",
                "Log-odds that the features of the cause add together, against the mean of the value tier",
            ),
            ("cause_rank", "integer", "1 is the cause that adds most"),
            ("share", "double", "Share of the contribution in that of all causes that add, told or not"),
            ("is_leading", "boolean", "Whether the cause is the first or so close to it that either may be"),
        ),
    ),
    "ml.what_ifs": Table(
        "One row per scored subscriber who may be listed, snapshot month and what-if that applies to him: "
        "what the model says if something were different, no proof that doing it keeps him.",
        ("snapshot_month", "subscriber_id", "what_if_id"),
        _columns(
            _MONTH,
            _SUBSCRIBER,
            ("what_if_id", "varchar", "What would be different (what_ifs.csv)"),
            ("probability", "double", "Probability of voluntary quantity churn as things are"),
            ("what_if_probability", "double", "The same if the what-if held and all else stayed"),
            ("change", "double", "what_if_probability less probability; below 0 the risk falls"),
            (
                "help_rank",
                "integer",
                "1 lowers the probability most; null where it falls by less than what_if_minimum_fall",
            ),
        ),
    ),
    "retention.responsibilities": Table(
        "One row per at-risk or lost subscriber and snapshot month: who has to do what until when.",
        ("snapshot_month", "subscriber_id"),
        _columns(
            _MONTH,
            _SUBSCRIBER,
            ("list_kind", "varchar", "at_risk or lost; at_risk wins"),
            (
                "assignment_id",
                "varchar",
                "Names the line in worklists and outcomes; from month and subscriber",
            ),
            ("disposition", "varchar", "assigned, suppressed, held_out or beyond_capacity"),
            ("suppression_reason", "varchar", "Why the customer is not contacted; null unless suppressed"),
            ("colour", "varchar", "Highest warning colour of the month's weeks: red, yellow or blue"),
            ("churn_probability", "double", "Probability of voluntary quantity churn; null without a model"),
            ("score", "integer", "Points of the scorecard"),
            ("phase", "varchar", "retention or maintenance (retention_phases.csv)"),
            (
                "main_cause",
                "varchar",
                "Cause that counts most: a fact found by the rules, else the model's, else the rules'",
            ),
            ("model_cause", "varchar", "Cause that adds most to the model's score; null without a model"),
            ("rule_cause", "varchar", "Strongest cause of the fired rules and conditions; null without any"),
            ("strategy_id", "varchar", "Strategy for cause and phase (retention_strategies.csv)"),
            ("offer_id", "varchar", "Offer to be made"),
            ("saving_chance", "double", "Chance that the contact, with the offer, saves the customer"),
            ("margin_kept_amount", MONEY, "Margin of the customer over the value horizon"),
            ("contact_cost_amount", MONEY, "What the contact costs, whether it saves or not"),
            ("acceptance_chance", "double", "Chance that the offer is accepted; 0 without an offer"),
            ("offer_cost_amount", MONEY, "Cost of the offer, once accepted; 0 without an offer"),
            (
                "expected_benefit",
                MONEY,
                "Probability x saving chance x margin kept - cost of contact - acceptance x cost of offer; "
                "null without a model",
            ),
            ("priority_rank", "bigint", "Rank on the month's list, 1 first"),
            ("primary_unit_id", "varchar", "Unit that owns the customer, or would"),
            ("staff_id", "varchar", "Staff member who owns the customer, or would"),
            ("landing_unit_id", "varchar", "Branch where the work lands"),
            ("supervising_unit_id", "varchar", "Unit that watches over the owner"),
            ("stage", "varchar", "Step of the contact plan"),
            ("channel", "varchar", "How to contact: visit, call, hall or sms"),
            ("due_date", "date", "Last day for the first contact"),
            (
                "is_explored",
                "boolean",
                "Whether the action was drawn at random, so that actions can be compared",
            ),
            (
                "propensity",
                "double",
                "Chance that the draws led to this action, of the held out to the one they would have had; 0 "
                "for suppressed",
            ),
        ),
    ),
    "retention.shadow_prices": Table(
        "One row per month and limit: what there was, what was used, what more would be worth.",
        ("snapshot_month", "resource_kind", "resource_id"),
        _columns(
            _MONTH,
            (
                "resource_kind",
                "varchar",
                "visit, call (contacts of a unit), people (places of all its staff) or offer (money)",
            ),
            ("resource_id", "varchar", "Unit or offer"),
            ("capacity", MONEY, "How much there is in the month; null: unlimited"),
            ("used", MONEY, "How much the month's list uses"),
            (
                "shadow_price",
                "decimal(18,4)",
                "Expected benefit that one more would bring, in money; null without a model",
            ),
        ),
    ),
    "retention.contact_tasks": Table(
        "One row per red or yellow warning of a week: who has to contact the customer until when.",
        ("warning_week", "subscriber_id"),
        _columns(
            ("week_month", "date", "First day of the month in which the week ends"),
            ("warning_week", "date", "Wednesday after the week"),
            _SUBSCRIBER,
            (
                "assignment_id",
                "varchar",
                "Names the line in worklists and outcomes; from week and subscriber",
            ),
            ("colour", "varchar", "Warning colour of the week: red or yellow"),
            (
                "unit_id",
                "varchar",
                "Unit that owns the customer, or would: the newest list's, else the rules'",
            ),
            ("staff_id", "varchar", "Staff member who owns the customer, or would"),
            ("stage", "varchar", "Step of the contact plan"),
            ("channel", "varchar", "How to contact: visit, call or hall"),
            ("due_date", "date", "Last day for the contact"),
            ("disposition", "varchar", "assigned, suppressed, held_out or beyond_capacity (nobody there)"),
            ("suppression_reason", "varchar", "Why the customer is not contacted; null unless suppressed"),
        ),
    ),
    "ops.landing_audit": Table(
        "One row per landed file: rows read = accepted + quarantined + duplicate.",
        ("landed_month", "table_name", "file_name"),
        _columns(
            ("landed_month", "date", "Month folder of the file (its first day); null for a static table"),
            ("table_name", "varchar", "Raw table (raw_tables.csv)"),
            ("file_name", "varchar", "Path of the file below the landing folder"),
            ("rows_read", "bigint", "Rows that the file holds"),
            ("rows_accepted", "bigint", "Rows that are in the raw table now"),
            ("rows_quarantined", "bigint", "Rows rejected, each with its reason in ops.quarantine"),
            ("rows_duplicate", "bigint", "Rows left out since the same row had been accepted before"),
            ("checksum", "varchar", "SHA-256 of the file's bytes as landed"),
        ),
    ),
    "ops.quarantine": Table(
        "One row per rejected raw row, with its reason.",
        ("landed_month", "table_name", "file_name", "row_number"),
        _columns(
            ("landed_month", "date", "Month folder of the file (its first day); null for a static table"),
            ("table_name", "varchar", "Raw table (raw_tables.csv)"),
            ("file_name", "varchar", "Path of the file below the landing folder"),
            ("row_number", "bigint", "Place of the row in the file, counted from 1"),
            ("reason", "varchar", "Why the row was rejected, and in which column"),
            ("raw_row", "varchar", "The row as delivered, as JSON; personal data are masked"),
        ),
    ),
    "ops.operator_settings": Table(
        "One row per parameter that the operator's own settings override.",
        ("parameter",),
        _columns(
            ("parameter", "varchar", "Name of the parameter (parameters.csv)"),
            ("value", "varchar", "The operator's own value (operator.toml) in place of the default"),
        ),
    ),
    "ops.rollbacks": Table(
        "One row per target and month from which an earlier model was put back by command.",
        ("target", "from_month"),
        _columns(
            _TARGET,
            ("from_month", "date", "Month whose decision this is; later months start from it"),
            ("model_id", "varchar", "Model that was put back in force"),
            ("reason", "varchar", "Why, in the words of whoever did it"),
        ),
    ),
    "ops.data_dictionary": Table(
        "One row per column of every published table and view: what it means and what stands behind it.",
        ("schema_name", "table_name", "column_name"),
        _columns(
            ("schema_name", "varchar", "Schema of the table"),
            ("table_name", "varchar", "Table or view"),
            ("column_name", "varchar", "Name as SQL writes it"),
            ("column_position", "integer", "Place of the column in the table, counted from 1"),
            ("data_type", "varchar", "Data type as DuckDB names it"),
            ("grain", "varchar", "What one row of the table is: the first sentence of its description"),
            ("grain_zh", "varchar", "The grain in Chinese"),
            ("meaning", "varchar", "What the column says, with its unit where it has one"),
            ("meaning_zh", "varchar", "The meaning in Chinese"),
            (
                "tests",
                "varchar",
                "What is held of the column and its table: dbt tests, contract, checks of a run",
            ),
            ("tests_zh", "varchar", "What is held of the column and its table, in Chinese"),
            ("made_from", "varchar", "Tables, or files, that its table is made from directly"),
            (
                "raw_tables",
                "varchar",
                "Raw tables behind the table, of a feature behind the column itself; empty without any",
            ),
        ),
    ),
    "ops.month_closes": Table(
        "One row per published month.",
        ("snapshot_month",),
        _columns(
            _MONTH,
            (
                "input_checksum",
                "varchar",
                "Checksum over all files landed up to this month when it was closed",
            ),
        ),
    ),
}


def create_tables(connection: duckdb.DuckDBPyConnection, names: Iterable[str] = tuple(TABLES)) -> None:
    """Create the declared tables that are missing, add columns that came later, and set the comments."""
    for name in names:
        table, schema = TABLES[name], name.partition(".")[0]
        connection.execute(f"create schema if not exists {schema}").fetchall()
        columns = ", ".join(f'"{column.name}" {column.data_type}' for column in table.columns)
        connection.execute(f"create table if not exists {name} ({columns})").fetchall()
        connection.execute(f"comment on table {name} is {_literal(table.grain)}").fetchall()
        for column in table.columns:
            connection.execute(
                f'alter table {name} add column if not exists "{column.name}" {column.data_type}'
            ).fetchall()
            connection.execute(
                f'comment on column {name}."{column.name}" is {_literal(column.comment)}'
            ).fetchall()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
