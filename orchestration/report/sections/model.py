"""The model beside the rules: who finds more churners, which one scores, whether the world still fits it."""

from orchestration.charts import COLOURS, NARROW, Bar, bars
from orchestration.report.context import Context
from orchestration.report.page import Chart, Section, Table
from orchestration.report.reading import Row, only

KEY = "model"
MAIN_TARGET = "quantity_churn"
_FEATURES_TOLD = 5
_RULES = ("scorecard", "bill_ratio", "tenure")

RELEASES = """
    select snapshot_month, target, model_id, decided_by, reason_en, reason_zh
    from ml.releases
    where snapshot_month in ($month, $before)
    order by target, snapshot_month
"""
_EVALUATIONS = """
    select
        contender,
        test_month,
        top_decile_lift,
        top_decile_lift_low,
        top_decile_lift_high,
        lift_at_capacity,
        auc,
        observed_over_expected
    from ml.model_evaluations
    where trained_for_month = $month and target = 'quantity_churn'
    order by top_decile_lift desc nulls last, contender
"""
_LISTS = """
    select snapshot_month, method, list_size_id, list_size, found_count, precision, lift
    from marts.list_comparison
    where
        target = 'quantity_churn'
        and closed_in_month <= $month
        and snapshot_month = (
            select max(snapshot_month) from marts.list_comparison
            where target = 'quantity_churn' and closed_in_month <= $month
        )
    order by list_size_id, lift desc nulls last, method
"""
DRIFT = """
    select feature, psi, level, missing_share, reference_missing_share
    from ml.feature_drift
    where snapshot_month = $month
    order by
        level = 'stop' desc, level = 'investigate' desc, psi desc nulls last, feature, model_id
"""
SCORES = """
    select psi, level, expected_churners, early_month, early_observed_over_expected
    from ml.score_drift
    where snapshot_month = $month
    order by model_id
"""
_FEATURE_NAMES = """
    select item_id, label_en, label_zh from {reference}.cause_map where item_type = 'feature' order by item_id
"""


def section(context: Context) -> Section:
    """Return lifts with intervals, decisions with reasons, drift."""
    words, reader, month = context.words, context.reader, context.month
    if not reader.has("ml.model_evaluations"):
        return context.missing(KEY, "ml.model_evaluations")
    judged = reader.rows(_EVALUATIONS)
    decisions = [
        row
        for row in (reader.rows(RELEASES, before=context.before) if reader.has("ml.releases") else [])
        if row["snapshot_month"] == month
    ]
    reasons: dict[str, list[str]] = {}
    for row in decisions:
        reasons.setdefault(words.reason(row), []).append(words.label("target", row["target"]))
    points = [
        words.say("model.decision", target=words.listed(targets), reason=reason)
        for reason, targets in reasons.items()
    ]
    blocks: list[Chart | Table] = []
    notes = []
    message = words.say("model.none", month=words.month(month))
    if judged:
        rules = [row for row in judged if row["contender"] in _RULES]
        models = [row for row in judged if row["contender"] in ("model", "in_force")]
        if rules and models:
            # What scores: the one in force, the new one where it is the first.
            best = only(models, contender="in_force") or models[0]
            beaten = _surely_beats(best, rules[0])
            message = words.say(
                "model.message.beats" if beaten else "model.message.close",
                model=words.inline("contender", best["contender"]),
                lift=words.number(best["top_decile_lift"]),
                rule=words.inline("contender", rules[0]["contender"]),
                rule_lift=words.number(rules[0]["top_decile_lift"]),
            )
        blocks += [_lifts(context, judged), _table(context, judged)]
        notes.append(words.say("model.judged_on", month=words.month(judged[0]["test_month"])))
    if reader.has("marts.list_comparison"):
        blocks += _lists(context)
    if reader.has("ml.feature_drift") and reader.has("ml.score_drift"):
        said, shown = _drift(context)
        notes += said
        blocks += shown
    if blocks:
        notes.append(words.say("model.glossary"))
    return context.section(KEY, message, points=points, blocks=blocks, notes=notes)


def _surely_beats(one: Row, other: Row) -> bool:
    low, high = one["top_decile_lift_low"], other["top_decile_lift_high"]
    return low is not None and high is not None and low > high


def _lifts(context: Context, judged: list[Row]) -> Chart:
    words = context.words
    caption = words.say("model.caption", month=words.month(judged[0]["test_month"]))
    drawn = [
        Bar(
            words.label("contender", row["contender"]),
            row["top_decile_lift"],
            COLOURS["rest"] if row["contender"] in _RULES else COLOURS["main"],
            low=row["top_decile_lift_low"],
            high=row["top_decile_lift_high"],
        )
        for row in judged
    ]
    return Chart(
        bars(
            drawn,
            words.number,
            title=caption,
            width=NARROW,
            reference=1.0,
            reference_label=words.say("model.blind"),
        ),
        caption,
    )


def _table(context: Context, judged: list[Row]) -> Table:
    words = context.words
    return Table(
        words.say("model.table", month=words.month(judged[0]["test_month"])),
        [
            words.say("model.contender"),
            words.say("model.lift_at_capacity"),
            words.say("model.auc"),
            words.say("model.observed"),
        ],
        [
            [
                words.label("contender", row["contender"]),
                words.number(row["lift_at_capacity"]),
                words.number(row["auc"]),
                words.number(row["observed_over_expected"]),
            ]
            for row in judged
        ],
    )


def _lists(context: Context) -> list[Chart | Table]:
    words, rows = context.words, context.reader.rows(_LISTS)
    if len({row["method"] for row in rows}) < 2:
        return []
    return [
        Table(
            words.say("model.lists_table", month=words.month(rows[0]["snapshot_month"])),
            [
                words.say("model.method"),
                words.say("model.list"),
                words.say("head.lines"),
                words.say("model.found"),
                words.say("model.precision"),
                words.say("model.lift"),
            ],
            [
                [
                    words.label("report.method", row["method"]),
                    words.label("report.list_size", row["list_size_id"]),
                    words.count(row["list_size"]),
                    words.count(row["found_count"]),
                    words.rate(row["precision"]),
                    words.number(row["lift"]),
                ]
                for row in rows
            ],
            numbers_from=2,
        )
    ]


def _drift(context: Context) -> tuple[list[str], list[Chart | Table]]:
    words = context.words
    features, scores = context.reader.rows(DRIFT), context.reader.rows(SCORES)
    if not features and not scores:
        return [], []
    told = [row for row in features if row["level"] in ("stop", "investigate")]
    said = [
        words.say(
            "model.drift",
            changed=words.count(len(told)),
            features=words.count(len(features)),
            stopped=words.count(sum(row["level"] == "stop" for row in features)),
        )
    ]
    said += [
        words.say(
            "model.scores",
            psi=words.number(row["psi"]),
            level=words.say(f"level.{row['level']}"),
            expected=words.count(row["expected_churners"]),
        )
        for row in scores
    ]
    if not told:
        return said, []
    names = (
        {row["item_id"]: row[f"label_{words.language}"] for row in context.reader.rows(_FEATURE_NAMES)}
        if context.reader.has("reference.cause_map")
        else {}
    )
    table = Table(
        words.say("model.drift_table", month=words.month(context.month)),
        [
            words.say("model.feature"),
            words.say("model.psi"),
            words.say("model.missing_then"),
            words.say("model.missing_now"),
        ],
        [
            [
                str(names.get(row["feature"], row["feature"])),
                words.number(row["psi"]),
                words.rate(row["reference_missing_share"]),
                words.rate(row["missing_share"]),
            ]
            for row in told[:_FEATURES_TOLD]
        ],
    )
    return said, [table]
