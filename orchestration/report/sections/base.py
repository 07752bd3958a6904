"""The base: how many, of which tier, who they are, how long they stay."""

from collections.abc import Callable
from datetime import date

from orchestration.charts import COLOURS, NARROW, Bar, Series, bars, lines, stacked_columns
from orchestration.report.context import MID_HIGH, Context, landed_months, tier_sum
from orchestration.report.page import Chart, Section, Table
from orchestration.report.reading import Row, change, months_back, share, total
from orchestration.report.words import HARDLY, direction

KEY = "base"
TIERS = ("high", "mid", "mass")
_CHARTED = "tenure"
_TOLD = ("age", "gender", "area_type", "occupation", "income", "education", "brand", "customer_type")
_CATEGORIES_TOLD = 3
_COHORT_AGES = (1, 3, 6, 9, 12, 18, 24)

_MOVES = """
    select tier_before, tier_now, cast(sum(subscriber_count) as bigint) as subscriber_count
    from marts.tier_moves
    where snapshot_month = $month
    group by all
    order by all
"""
_PROFILE = """
    select
        snapshot_month,
        dimension,
        category,
        cast(sum(subscriber_count) filter (value_tier = 'mid_high') as bigint) as mid_high_count,
        cast(sum(subscriber_count) filter (value_tier = 'all') as bigint) as all_count
    from marts.base_profile
    where snapshot_month in ($month, $before)
    group by all
    order by dimension, mid_high_count desc nulls last, category, snapshot_month
"""
_BANDS = (
    "select dimension, band_id, label_en, label_zh, sort_order from {reference}.profile_bands order by all"
)
_SURVIVAL = """
    select value_tier, tenure_months, survival, survival_low, survival_high
    from marts.tenure_survival
    where
        snapshot_month = $month
        and brand = 'all'
        and branch_id = 'all'
        and value_tier in ('mid_high', 'mass')
    order by value_tier, tenure_months
"""
_COHORTS = """
    select
        cohort_month,
        cast(sum(cohort_count) as bigint) as cohort_count,
        cast(sum(remaining_count) as bigint) as remaining_count
    from marts.cohort_retention
    where snapshot_month = $settled
    group by cohort_month
    order by cohort_month desc
"""


def section(context: Context) -> Section:
    """Return size, moves, profile, survival and cohorts of the base."""
    words, month, tiers = context.words, context.month, context.tiers()
    if not tiers:
        return context.missing(KEY, "marts.kpi_monthly")
    now, before = (tier_sum(tiers, "subscriber_count", one, mid_high=True) for one in (month, context.before))
    everybody = tier_sum(tiers, "subscriber_count", month, mid_high=False)
    if now is None:
        return context.section(KEY, words.say("no_rows", month=words.month(month)))
    message = words.say(
        f"base.message.{direction(now, before, hardly=HARDLY)}",
        count=words.count(now),
        change=words.change(change(now, before)),
        share=words.rate(share(now, everybody)),
    )
    blocks: list[Chart | Table] = [_size(context), _size_table(context)]
    paragraphs: list[str] = []
    notes: list[str] = []
    for part, table in ((_moves, "tier_moves"), (_profile, "base_profile"), (_survival, "tenure_survival")):
        if context.reader.has(f"marts.{table}"):
            said, shown = part(context)
            paragraphs += said
            blocks += shown
        else:
            notes.append(words.say("missing", tables=f"marts.{table}"))
    if context.reader.has("marts.cohort_retention"):
        blocks += _cohorts(context)
    else:
        notes.append(words.say("missing", tables="marts.cohort_retention"))
    return context.section(KEY, message, paragraphs=paragraphs, blocks=blocks, notes=notes)


def _size(context: Context) -> Chart:
    words, tiers = context.words, context.tiers()
    months = landed_months(tiers)
    series = [
        Series(
            words.label("value_tier", tier),
            [total(tiers, "subscriber_count", snapshot_month=month, value_tier=tier) for month in months],
            colour,
        )
        for tier, colour in (("high", COLOURS["main"]), ("mid", COLOURS["second"]))
    ]
    caption = words.say("base.size_caption", month=words.month(context.month))
    return Chart(
        stacked_columns(
            [words.month(month) for month in months], series, words.count, title=caption, width=NARROW
        ),
        caption,
    )


def _size_table(context: Context) -> Table:
    words, tiers = context.words, context.tiers()
    landed = landed_months(tiers)

    def counted(chosen: tuple[str, ...]) -> Callable[[date], float | None]:
        return lambda month: (
            sum(total(tiers, "subscriber_count", snapshot_month=month, value_tier=tier) for tier in chosen)
            if month in landed
            else None
        )

    return context.comparison(
        words.say("base.size_table", month=words.month(context.month)),
        (words.say("head.tier"), words.say("head.lines")),
        [
            *((words.label("value_tier", tier), counted((tier,))) for tier in TIERS),
            (words.say("head.mid_high"), counted(MID_HIGH)),
        ],
        words.count,
        is_last_strong=True,
    )


def _moved(rows: list[Row], before: tuple[str, ...], now: tuple[str, ...]) -> float:
    return sum(
        row["subscriber_count"] for row in rows if row["tier_before"] in before and row["tier_now"] in now
    )


def moves(context: Context) -> dict[str, float]:
    """Return how many lines came into mid and high value and left it: up, down, new, gone, and net."""
    rows = context.reader.rows(_MOVES)
    if not rows:
        return {}
    counted = {
        "up": _moved(rows, ("mass",), MID_HIGH),
        "down": _moved(rows, MID_HIGH, ("mass",)),
        "new": _moved(rows, ("none",), MID_HIGH),
        "gone": _moved(rows, MID_HIGH, ("none",)),
    }
    return counted | {"net": counted["up"] + counted["new"] - counted["down"] - counted["gone"]}


def _moves(context: Context) -> tuple[list[str], list[Chart | Table]]:
    words, rows, counted = context.words, context.reader.rows(_MOVES), moves(context)
    if not counted:
        return [words.say("base.no_moves", month=words.month(context.month))], []
    said = words.say(
        "base.moves",
        **{name: words.count(counted[name]) for name in ("up", "down", "new", "gone")},
        net=words.difference(counted["net"]),
    )
    order = (*TIERS, "none")
    table = Table(
        words.say("base.moves_table", before=words.month(context.before), month=words.month(context.month)),
        [
            words.say("base.from_to"),
            *(words.label("value_tier", tier) for tier in TIERS),
            words.say("base.gone"),
        ],
        [
            [
                words.say("base.new") if before == "none" else words.label("value_tier", before),
                *(
                    words.count(_moved(rows, (before,), (now,))) if (before, now) != ("none", "none") else ""
                    for now in order
                ),
            ]
            for before in order
        ],
    )
    return [said], [table]


def _profile(context: Context) -> tuple[list[str], list[Chart | Table]]:
    words = context.words
    rows = context.reader.rows(_PROFILE, before=context.before)
    now = [row for row in rows if row["snapshot_month"] == context.month]
    if not now:
        return [], []
    sizes = {
        (dimension, month): total(rows, "mid_high_count", dimension=dimension, snapshot_month=month)
        for dimension in {row["dimension"] for row in rows}
        for month in (context.month, context.before)
    }
    bands = _band_labels(context)
    lines_told: list[list[str]] = []
    for dimension in _TOLD:
        for row in [row for row in now if row["dimension"] == dimension][:_CATEGORIES_TOLD]:
            part = share(row["mid_high_count"], sizes[dimension, context.month])
            earlier = [
                share(other["mid_high_count"], sizes[dimension, context.before])
                for other in rows
                if other["snapshot_month"] == context.before
                and (other["dimension"], other["category"]) == (dimension, row["category"])
            ]
            moved = part - earlier[0] if earlier and part is not None and earlier[0] is not None else None
            is_first = not lines_told or lines_told[-1][-1] != dimension
            lines_told.append(
                [
                    words.say(f"dimension.{dimension}") if is_first else "",
                    _category(context, bands, dimension, row["category"]),
                    words.count(row["mid_high_count"]),
                    words.rate(part),
                    words.points(moved),
                    words.rate(share(row["mid_high_count"], row["all_count"])),
                    dimension,
                ]
            )
    table = Table(
        words.say("base.profile_table", month=words.month(context.month)),
        [
            words.say("head.dimension"),
            words.say("head.category"),
            words.say("head.lines"),
            words.say("head.share"),
            words.say("head.on_month"),
            words.say("base.valuable"),
        ],
        [line[:-1] for line in lines_told],
        numbers_from=2,
        is_wide=True,
    )
    order = [band for (dimension, band) in bands if dimension == _CHARTED]
    charted = sorted(
        (row for row in now if row["dimension"] == _CHARTED),
        key=lambda row: (
            order.index(row["category"]) if row["category"] in order else len(order),
            row["category"],
        ),
    )
    caption = words.say("base.tenure_caption", month=words.month(context.month))
    chart = bars(
        [
            Bar(
                _category(context, bands, _CHARTED, row["category"]),
                share(row["mid_high_count"], row["all_count"]),
                note=f"({words.count(row['mid_high_count'])})",
            )
            for row in charted
        ],
        words.rate,
        title=caption,
        width=NARROW,
    )
    return [], [*([Chart(chart, caption)] if charted else []), table]


def _band_labels(context: Context) -> dict[tuple[str, str], str]:
    if not context.reader.has("reference.profile_bands"):
        return {}
    rows = sorted(context.reader.rows(_BANDS), key=lambda row: (row["dimension"], row["sort_order"]))
    return {(row["dimension"], row["band_id"]): row[f"label_{context.words.language}"] for row in rows}


def _category(context: Context, bands: dict[tuple[str, str], str], dimension: str, category: str) -> str:
    if (dimension, category) in bands:
        return bands[dimension, category]
    return (
        context.words.label(f"report.category.{dimension}", category)
        if category != "unknown"
        else (context.words.say("unknown"))
    )


def _survival(context: Context) -> tuple[list[str], list[Chart | Table]]:
    words, rows = context.words, context.reader.rows(_SURVIVAL)
    if not rows:
        return [], []
    tenures = sorted({row["tenure_months"] for row in rows})
    series = []
    for tier, colour in (("mid_high", COLOURS["main"]), ("mass", COLOURS["rest"])):
        known = {row["tenure_months"]: row for row in rows if row["value_tier"] == tier}
        if known:
            column = {
                name: [known[tenure][name] if tenure in known else None for tenure in tenures]
                for name in ("survival", "survival_low", "survival_high")
            }
            name = words.say("head.mid_high") if tier == "mid_high" else words.label("value_tier", tier)
            series.append(
                Series(name, column["survival"], colour, column["survival_low"], column["survival_high"])
            )
    caption = words.say("base.survival_caption", month=words.month(context.month))
    chart = lines(
        [str(tenure) for tenure in tenures], series, words.rate, title=caption, width=NARROW, label_step=12
    )
    return [], [Chart(chart, caption)]


def _cohorts(context: Context) -> list[Chart | Table]:
    words = context.words
    settled = months_back(context.month, context.silence_months)
    rows: list[Row] = context.reader.rows(_COHORTS, settled=settled)
    chosen = []
    for age in _COHORT_AGES:
        chosen += [row for row in rows if row["cohort_month"] == months_back(settled, age)]
    if not chosen:
        return []
    return [
        Table(
            words.say("base.cohort_table", month=words.month(settled)),
            [
                words.say("base.cohort"),
                words.say("base.cohort_size"),
                words.say("base.cohort_left"),
                words.say("head.share"),
            ],
            [
                [
                    words.month(row["cohort_month"]),
                    words.count(row["cohort_count"]),
                    words.count(row["remaining_count"]),
                    words.rate(share(row["remaining_count"], row["cohort_count"])),
                ]
                for row in chosen
            ],
        )
    ]
