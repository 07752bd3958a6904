"""The model's card as a page: what `card.json` holds, for people, in one language.

Here belongs the drawing alone: one self-contained HTML text without scripts, every value escaped. What the
card says belongs to `model`; the words come from the caller, key by key (`card.…`, `contender.…`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

PAGE_FILE = "card.html"

_TOP_FEATURES = 15
# The order of the columns; those that no contender was measured by are left out.
_FIGURES = {
    "top_decile_lift": ".2f",
    "lift_at_capacity": ".2f",
    "precision_at_capacity": ".1%",
    "auc": ".3f",
    "average_precision": ".3f",
    "expected_maximum_profit": ".3f",
    "maximum_profit": ".3f",
    "log_loss": ".4f",
}


@dataclass(frozen=True)
class Surroundings:
    """What a page says beyond the card: names, words, windows, and what the gate decided.

    `words` maps a key to its text in `language`; `features` a feature to its label and its cause in words.
    `is_released` is None, and `decision` empty, where the gate has not spoken.
    """

    model_id: str
    language: str
    words: Mapping[str, str]
    target: str
    gap_months: int
    outcome_months: int
    features: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    is_released: bool | None = None
    decision: str = ""


def page(card: Mapping[str, Any], gains: Mapping[str, float], around: Surroundings) -> str:
    """The page of a card (`card.json` as it was read); `gains` is each used feature's part in the trees."""
    words = around.words
    sections = [
        (words["card.decision"], _decision(around)),
        (words["card.purpose"], _purpose(card, around)),
        (words["card.figures"], _figures(card, words)),
        (words["card.calibration"], _calibration(card, words)),
        (words["card.data"], _data(card, words)),
        (words["card.features"], _features(card, gains, around)),
        (words["card.limits"], _limits(card, words)),
        (words["card.origin"], _origin(card, words)),
    ]
    body = "\n".join(f"<section><h2>{escape(title)}</h2>\n{text}</section>" for title, text in sections)
    return _PAGE.format(
        language=escape(around.language),
        title=escape(f"{words['card.title']} {around.model_id}"),
        kind=escape(words["card.title"]),
        name=escape(around.model_id),
        body=body,
    )


def _decision(around: Surroundings) -> str:
    if around.is_released is None:
        return _paragraph(around.words["card.undecided"])
    kind = "released" if around.is_released else "not_released"
    badge = f'<span class="badge {kind}">{escape(around.words[f"card.{kind}"])}</span>'
    return f"<p>{badge} {escape(around.decision)}</p>\n"


def _purpose(card: Mapping[str, Any], around: Surroundings) -> str:
    words = around.words
    windows = words["card.windows_text"].format(gap=around.gap_months, outcome=around.outcome_months)
    return _paragraph(words["card.purpose_text"]) + _pairs(
        [
            (words["card.target"], words.get(f"target.{around.target}", around.target)),
            (words["card.windows"], windows),
            (words["card.trained_for"], card["trained_for_month"][:7]),
        ]
    )


def _figures(card: Mapping[str, Any], words: Mapping[str, str]) -> str:
    evaluations = _contenders(card)
    names = [
        name for name in _FIGURES if any(_value(each.get(name)) is not None for each in evaluations.values())
    ]
    rows = [
        f"<tr><td>{escape(_contender(name, words))}</td>"
        + "".join(f"<td>{_with_interval(each.get(figure), _FIGURES[figure])}</td>" for figure in names)
        + "</tr>"
        for name, each in evaluations.items()
    ]
    judged_on = card.get("judged_on") or card["months"]
    notes = [words["card.tested"].format(month=_span(judged_on["test"]), train=_span(judged_on["train"]))]
    model = evaluations.get("model", {})
    if model.get("capacity") is not None:
        notes.append(words["card.capacity"].format(capacity=f"{model['capacity']:,}"))
    if model.get("profit_parameters"):
        parameters = {name: f"{value:g}" for name, value in model["profit_parameters"].items()}
        notes.append(words["card.profit"].format(**parameters))
    heads = [words["card.contender"], *(words[f"card.figure.{name}"] for name in names)]
    return (
        _paragraph(words["card.figures_text"])
        + _lift_chart(evaluations, words)
        + _table_of(heads, rows)
        + "".join(f'<p class="note">{escape(note)}</p>\n' for note in notes)
    )


def _lift_chart(evaluations: Mapping[str, Mapping[str, Any]], words: Mapping[str, str]) -> str:
    """A row for each contender: its top-decile lift as a point, the interval as a line, 1 as a rule."""
    lifts = {
        name: each["top_decile_lift"]
        for name, each in evaluations.items()
        if _value(each.get("top_decile_lift")) is not None
    }
    if not lifts:
        return ""
    farthest = max(1.0, *(lift["high"] or lift["value"] for lift in lifts.values()))
    left, width, step = 190, 490, 28
    height = step * len(lifts)

    def across(lift: float) -> str:
        return f"{left + width * lift / farthest:.1f}"

    drawn = [f'<line class="blind" x1="{across(1)}" x2="{across(1)}" y1="0" y2="{height}"/>']
    for place, (name, lift) in enumerate(lifts.items()):
        y = step * place + step // 2
        kind = "model" if name == "model" else "rule"
        low, high = (lift[end] if lift[end] is not None else lift["value"] for end in ("low", "high"))
        drawn += [
            f'<text x="{left - 12}" y="{y + 4}" text-anchor="end">{escape(_contender(name, words))}</text>',
            f'<line class="{kind}" x1="{across(low)}" x2="{across(high)}" y1="{y}" y2="{y}"/>',
            f'<circle class="{kind}" cx="{across(lift["value"])}" cy="{y}" r="5"/>',
            f'<text class="value" x="{left + width + 14}" y="{y + 4}">{lift["value"]:.2f}</text>',
        ]
    caption = escape(words["card.lift_text"])
    return (
        f'<figure><svg viewBox="0 0 740 {height}" role="img" aria-label="{caption}">{"".join(drawn)}</svg>'
        f"<figcaption>{caption}</figcaption></figure>\n"
    )


def _calibration(card: Mapping[str, Any], words: Mapping[str, str]) -> str:
    model = _contenders(card).get("model", {})
    expected = model.get("expected_churners")
    observed = model.get("churners")
    ratio = observed / expected if expected else None
    pairs = [
        (words["card.expected"], _number(expected, ",.1f")),
        (words["card.observed"], _number(observed, ",")),
        (words["card.ratio"], _number(ratio, ".2f")),
        (words["card.slope"], _number(model.get("calibration_slope"), ".2f")),
        (words["card.intercept"], _number(model.get("calibration_intercept"), ".2f")),
    ]
    return _pairs(pairs)


def _data(card: Mapping[str, Any], words: Mapping[str, str]) -> str:
    rows = []
    delivered = {part: months for part, months in card["months"].items() if months}
    for part, months in sorted(delivered.items(), key=lambda found: found[1]):
        count = card["counts"].get(part, {})
        judged, churners = count.get("rows"), count.get("churners")
        rows.append(
            [
                words.get(f"card.part.{part}", part),
                _span(months),
                _number(judged, ","),
                _number(churners, ","),
                _number(churners / judged if judged else None, ".2%"),
            ]
        )
    heads = ("part", "months", "rows", "churners", "churn_rate")
    return _table([words[f"card.{head}"] for head in heads], rows)


def _features(card: Mapping[str, Any], gains: Mapping[str, float], around: Surroundings) -> str:
    words = around.words
    kinds = {kind: len(card["features"][kind]) for kind in ("numeric", "boolean", "categorical")}
    text = words["card.features_text"].format(
        count=sum(kinds.values()), used=len(gains), trees=card["trees"], **kinds
    )
    total = sum(gains[name] for name in sorted(gains))
    top = sorted(gains, key=lambda name: (-gains[name], name))[:_TOP_FEATURES]
    largest = gains[top[0]] if top else 1.0
    directions = {1: words["card.rising"], -1: words["card.falling"]}
    rows = []
    for name in top:
        label, cause = around.features.get(name, (name, ""))
        bar = f'<span class="bar" style="width:{90 * gains[name] / largest:.0f}px"></span>'
        plain = (label, cause, directions.get(card["plan"].get("monotone", {}).get(name, 0), ""))
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in plain)
        rows.append(f"<tr>{cells}<td>{bar}{gains[name] / total:.1%}</td></tr>")
    heads = [words[f"card.{head}"] for head in ("feature", "cause", "direction", "gain")]
    return _paragraph(text) + (_table_of(heads, rows) if rows else "")


def _limits(card: Mapping[str, Any], words: Mapping[str, str]) -> str:
    months, counts = card["months"], card["counts"]
    few = card["plan"]["minimum_churners"]
    limits = [
        words["card.limit.known"].format(train=months["train"][-1][:7]),
        words["card.limit.candidates"],
        words["card.limit.causality"],
    ]
    if set(months.get("stop", ())) & set(months.get("calibrate", ())):
        limits.append(words["card.limit.shared"])
    judged = _contenders(card).get("model", {})
    for count, key in ((counts.get("calibrate", {}), "few_calibrating"), (judged, "few_testing")):
        churners = count.get("churners")
        if churners is not None and churners < few:
            limits.append(words[f"card.limit.{key}"].format(churners=churners))
    return "<ul>" + "".join(f"<li>{escape(limit)}</li>" for limit in limits) + "</ul>\n"


def _origin(card: Mapping[str, Any], words: Mapping[str, str]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in sorted(card["versions"].items()))
    plan = [(name, value) for name, value in sorted(card["plan"].items()) if not isinstance(value, Mapping)]
    return (
        _pairs([(words["card.versions"], versions)])
        + _pairs(
            [
                (words["card.model_checksum"], card["sha256"]),
                (words["card.data_checksum"], card["data_sha256"]),
            ],
            "checksums",
        )
        + f"<details><summary>{escape(words['card.plan'])}</summary>\n{_pairs(plan)}</details>\n"
    )


def _contenders(card: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The evaluations, the models first and the rules by their name."""
    found: Mapping[str, Mapping[str, Any]] = card["evaluations"]
    models = [name for name in ("model", "in_force", "logistic") if name in found]
    return {name: found[name] for name in (*models, *sorted(found.keys() - set(models)))}


def _contender(name: str, words: Mapping[str, str]) -> str:
    return words.get(f"contender.{name}", name)


def _value(figure: Mapping[str, float | None] | None) -> float | None:
    return figure["value"] if figure else None


def _with_interval(figure: Mapping[str, float | None] | None, shape: str) -> str:
    if not figure or figure["value"] is None:
        return "–"
    if figure["low"] is None or figure["high"] is None:
        return format(figure["value"], shape)
    interval = f"{figure['low']:{shape}} – {figure['high']:{shape}}"
    return f"{figure['value']:{shape}} <small>{interval}</small>"


def _number(value: float | None, shape: str) -> str:
    return "–" if value is None else format(value, shape)


def _span(months: Sequence[str]) -> str:
    """First and last month, with how many there are; an empty part has none."""
    if len(months) < 2:
        return "".join(month[:7] for month in months) or "–"
    return f"{months[0][:7]} – {months[-1][:7]} ({len(months)})"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>\n"


def _pairs(pairs: Iterable[tuple[str, object]], kind: str = "pairs") -> str:
    found = "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in pairs)
    return f'<dl class="{kind}">{found}</dl>\n'


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return _table_of(
        heads, ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    )


def _table_of(heads: Sequence[str], rows: Iterable[str]) -> str:
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in heads)
    body = "".join(rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>\n'


_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ --ink: #1d2530; --soft: #5a6675; --line: #d9dfe6; --accent: #0b6e74; }}
body {{ margin: 0 auto; max-width: 60rem; padding: 2rem 1.25rem; color: var(--ink); background: #fff;
  font: 15px/1.5 system-ui, "Noto Sans", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }}
header {{ border-bottom: 3px solid var(--accent); margin-bottom: 1.5rem; }}
header p {{ margin: 0; color: var(--soft); }}
h1 {{ margin: 0 0 .5rem; font-size: 1.7rem; overflow-wrap: anywhere; }}
h2 {{ font-size: 1.1rem; margin: 2rem 0 .5rem; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }}
th, td {{ text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }}
th {{ color: var(--soft); font-weight: 600; }}
dl {{ display: grid; grid-template-columns: minmax(9rem, 17rem) 1fr; gap: .25rem 1rem; margin: .5rem 0; }}
dt {{ color: var(--soft); }}
dd {{ margin: 0; overflow-wrap: anywhere; }}
.checksums dd {{ font-family: ui-monospace, monospace; font-size: .85rem; }}
small {{ display: block; white-space: nowrap; color: var(--soft); font-size: .8rem; }}
.note, figcaption {{ color: var(--soft); font-size: .9rem; }}
.badge {{ display: inline-block; padding: .1rem .6rem; border-radius: 1rem; color: #fff; font-weight: 600; }}
.badge.released {{ background: var(--accent); }}
.badge.not_released {{ background: #8a4b08; }}
.bar {{ display: inline-block; height: .7rem; margin-right: .5rem; background: var(--accent); }}
figure {{ margin: .5rem 0 1rem; }}
svg {{ width: 100%; max-width: 740px; height: auto; font-size: 14px; fill: var(--ink); }}
svg line {{ stroke-width: 3; }}
svg .blind {{ stroke: var(--line); stroke-width: 1.5; stroke-dasharray: 4 3; }}
svg line.model {{ stroke: var(--accent); }}
svg line.rule {{ stroke: #9aa5b1; }}
svg circle.model {{ fill: var(--accent); }}
svg circle.rule {{ fill: #9aa5b1; }}
details {{ margin-top: .75rem; }}
summary {{ cursor: pointer; color: var(--soft); }}
@media print {{ body {{ max-width: none; padding: 0; }} section {{ break-inside: avoid; }} }}
</style>
</head>
<body>
<header><p>{kind}</p><h1>{name}</h1></header>
{body}
</body>
</html>
"""
