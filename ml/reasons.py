"""Reasons: why the model is worried about a subscriber, as causes and as the facts behind them.

Here belongs the way from exact contributions to causes: what sets a subscriber apart from the mean of his
value tier, summed by cause before anything is ranked, since a cause is steadier than any one feature. The
sentences people read and the rules' own reasons are made elsewhere from these rows; what would lower a
probability belongs to `what_if`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.columns import MONTH, SUBSCRIBER, check_columns, key_order, to_matrix
from ml.model import ChurnModel

# Exact contributions are slow, some thousand rows a second: a tier's mean is taken over a sample of it.
_ROWS_PER_TIER = 1000
_ROWS_AT_A_TIME = 10_000


@dataclass(frozen=True)
class ReasonLimits:
    """How much is told of a subscriber.

    At most `maximum_causes` causes, none whose share of his worrying causes is below `minimum_share`. A cause
    that reaches all but `close_share` of the first one's contribution leads beside it. At most
    `maximum_facts` facts; `facts_before_next_cause` of a cause go before any of the next, so that one broad
    cause does not fill the list.
    """

    maximum_causes: int = 3
    maximum_facts: int = 5
    facts_before_next_cause: int = 2
    minimum_share: float = 0.10
    close_share: float = 0.10


_LIMITS = ReasonLimits()


@dataclass(frozen=True)
class Reasons:
    """Two frames about the same subscribers; both begin with snapshot_month and subscriber_id.

    `reasons`, one row per month, subscriber and reason_rank (1 comes first): feature, cause, contribution
    (log-odds above the tier's mean), value and typical (the subscriber's number and the tier's median; flags
    are 1 or 0), level and typical_level (the same for a categorical feature: the subscriber's level and the
    tier's most frequent). `cause_scores`, one row per month, subscriber and worrying cause that is told:
    cause, contribution (log-odds above the tier's mean), share (of all that worries about the subscriber),
    is_leading (the first cause, and whatever comes close to it), cause_rank.
    """

    reasons: pd.DataFrame
    cause_scores: pd.DataFrame


@dataclass(frozen=True)
class _Tiers:
    """The value tiers as the model sees them: arrays of shape (tiers, features), levels by feature name.

    `typical` holds medians, and codes of the levels for categorical features.
    """

    names: list[str]
    contributions: np.ndarray
    typical: np.ndarray
    levels: pd.DataFrame


def reasons(
    model: ChurnModel,
    frame: pd.DataFrame,
    causes: pd.DataFrame,
    reference: pd.DataFrame,
    tier_column: str,
    limits: ReasonLimits = _LIMITS,
) -> Reasons:
    """The strongest facts and the causes of each row of `frame` (those on the list), within `limits`.

    `causes` maps every feature of the model to one cause (columns feature, cause). `reference` is the frame
    of all that were scored: it gives each tier's mean. Both frames have the keys, the features and
    `tier_column`. Only what raises the risk above the tier's mean is a reason, and only within a cause that
    is told; so a row can have fewer facts than the most. They are ranked by the cause's sum; within a cause
    what is other than typical of the tier comes first, then by contribution. ValueError names features
    without a cause and tiers unknown to `reference`.
    """
    for given in (frame, reference):
        check_columns(given, model.columns, (tier_column,))
    cause_of = _cause_of(model, causes)
    tiers = _tiers(model, reference, tier_column)
    named = _tier_names(frame, tier_column)
    tier = pd.Index(tiers.names).get_indexer(pd.Index(named))
    if (tier < 0).any():
        unknown = ", ".join(sorted(set(named[tier < 0])))
        raise ValueError(
            f"Tiers without a row in the reference: {unknown}. Give all that were scored as reference."
        )
    order = key_order(frame)
    parts = [
        _explain(model, frame, rows, tiers, tier[rows], cause_of, limits)
        for rows in np.split(order, range(_ROWS_AT_A_TIME, len(order), _ROWS_AT_A_TIME))
    ]
    return Reasons(
        pd.concat([part.reasons for part in parts], ignore_index=True),
        pd.concat([part.cause_scores for part in parts], ignore_index=True),
    )


def _cause_of(model: ChurnModel, causes: pd.DataFrame) -> np.ndarray:
    """The cause of each feature, in the model's order."""
    known = causes[causes["feature"].isin(model.columns.names) & causes["cause"].notna()]
    twice = sorted(set(known.loc[known["feature"].duplicated(), "feature"]))
    without = sorted(set(model.columns.names) - set(known["feature"]))
    if twice or without:
        raise ValueError(
            f"Features without a cause: {', '.join(without) or 'none'}; with more than one: "
            f"{', '.join(twice) or 'none'}. Give each feature one row in the cause map."
        )
    return known.set_index("feature")["cause"].reindex(list(model.columns.names)).to_numpy(dtype=object)


def _tier_names(frame: pd.DataFrame, tier_column: str) -> np.ndarray:
    return frame[tier_column].astype("str").fillna("unknown").to_numpy(dtype=object)


def _tiers(model: ChurnModel, reference: pd.DataFrame, tier_column: str) -> _Tiers:
    """Each tier over rows evenly spread along its sorted keys: one sample, whatever the order of the rows."""
    order = key_order(reference)
    tier = _tier_names(reference, tier_column)[order]
    names = sorted(set(tier))
    contributions, typical, levels = [], [], []
    for name in names:
        members = order[tier == name]
        sample = members[np.unique(np.linspace(0, len(members) - 1, _ROWS_PER_TIER).astype(int))]
        matrix = to_matrix(reference, model.columns, model.levels, sample, np.float64)
        contributions.append(model.contributions(matrix)[:, :-1].mean(axis=0))
        usual = {name: _most_frequent(reference[name].take(sample)) for name in model.columns.categorical}
        codes = [model.levels[name].codes.get(level or "", np.nan) for name, level in usual.items()]
        medians = pd.DataFrame(matrix[:, : matrix.shape[1] - len(codes)]).median()
        typical.append([*medians, *codes])
        levels.append(usual)
    shape = (len(names), len(model.columns.names))
    return _Tiers(
        names,
        contributions=np.reshape(contributions, shape),
        typical=np.reshape(typical, shape),
        levels=pd.DataFrame(levels, dtype=object),
    )


def _most_frequent(values: pd.Series) -> str | None:
    counts = values.astype("str").value_counts().sort_index()
    return None if counts.empty else str(counts.index[int(counts.to_numpy().argmax())])


def _explain(
    model: ChurnModel,
    frame: pd.DataFrame,
    rows: np.ndarray,
    tiers: _Tiers,
    tier: np.ndarray,
    cause_of: np.ndarray,
    limits: ReasonLimits,
) -> Reasons:
    """Reasons of the rows at these positions, in their order; `tier` is the number of each row's tier."""
    matrix = to_matrix(frame, model.columns, model.levels, rows, np.float64)
    above = model.contributions(matrix)[:, :-1] - tiers.contributions[tier]
    causes, cause_number = np.unique(cause_of, return_inverse=True)
    by_cause = np.argsort(cause_number, kind="stable")
    first = np.flatnonzero(np.diff(cause_number[by_cause], prepend=-1))
    # Added up cause by cause in a fixed order; a matrix product's order would be the library's.
    cause_sum = np.add.reduceat(above[:, by_cause], first, axis=1)

    worry = np.where(cause_sum > 0, cause_sum, 0.0).sum(axis=1)
    is_told = _told(cause_sum, worry, limits)
    typical = tiers.typical[tier]
    is_typical = (matrix == typical) | (np.isnan(matrix) & np.isnan(typical))
    picked = _pick(above, cause_sum, is_told, is_typical, cause_number, limits)
    row, feature = picked["row"].to_numpy(), picked["feature"].to_numpy()
    is_level = (np.array(model.columns.types) == "c")[feature]
    level, typical_level = _level_texts(model, frame, rows[row], feature, tiers, tier[row])
    facts = pd.DataFrame(
        {
            **_keys(frame, rows[row]),
            "reason_rank": picked.groupby("row").cumcount().to_numpy() + 1,
            "feature": pd.array(np.array(model.columns.names, dtype=object)[feature], dtype="str"),
            "cause": pd.array(cause_of[feature], dtype="str"),
            "contribution": above[row, feature],
            "value": np.where(is_level, np.nan, matrix[row, feature]),
            "typical": np.where(is_level, np.nan, typical[row, feature]),
            "level": pd.array(level, dtype="str"),
            "typical_level": pd.array(typical_level, dtype="str"),
        }
    )
    return Reasons(facts, _cause_scores(_keys(frame, rows), cause_sum, worry, is_told, causes, limits))


def _told(cause_sum: np.ndarray, worry: np.ndarray, limits: ReasonLimits) -> np.ndarray:
    """Whether a cause is told of a row: it worries, is among the first, and has its share."""
    strongest_first = np.argsort(-cause_sum, axis=1, kind="stable")
    place = np.argsort(strongest_first, axis=1, kind="stable")
    has_its_share = cause_sum >= limits.minimum_share * worry[:, np.newaxis]
    return (cause_sum > 0) & (place < limits.maximum_causes) & has_its_share


def _pick(
    above: np.ndarray,
    cause_sum: np.ndarray,
    is_told: np.ndarray,
    is_typical: np.ndarray,
    cause_number: np.ndarray,
    limits: ReasonLimits,
) -> pd.DataFrame:
    """The best facts of each row, ranked: row and feature as positions in `above`."""
    row, feature = np.nonzero((above > 0) & is_told[:, cause_number])
    cause = cause_number[feature]
    order = np.lexsort(
        (feature, -above[row, feature], is_typical[row, feature], cause, -cause_sum[row, cause], row)
    )
    ranked = pd.DataFrame({"row": row[order], "cause": cause[order], "feature": feature[order]})
    ranked["is_late"] = ranked.groupby(["row", "cause"]).cumcount() >= limits.facts_before_next_cause
    by_turn = ranked.sort_values(["row", "is_late"], kind="stable")
    return by_turn.groupby("row").head(limits.maximum_facts).sort_index()


def _cause_scores(
    keys: dict[str, pd.api.extensions.ExtensionArray],
    cause_sum: np.ndarray,
    worry: np.ndarray,
    is_told: np.ndarray,
    causes: np.ndarray,
    limits: ReasonLimits,
) -> pd.DataFrame:
    row, cause = np.nonzero(is_told)
    order = np.lexsort((cause, -cause_sum[row, cause], row))
    row, cause = row[order], cause[order]
    contribution = cause_sum[row, cause]
    return pd.DataFrame(
        {
            **{name: values.take(row) for name, values in keys.items()},
            "cause": pd.array(causes[cause], dtype="str"),
            "contribution": contribution,
            "share": contribution / worry[row],
            "is_leading": contribution >= (1 - limits.close_share) * cause_sum.max(axis=1)[row],
            "cause_rank": pd.Series(row).groupby(row).cumcount().to_numpy() + 1,
        }
    )


def _keys(frame: pd.DataFrame, rows: np.ndarray) -> dict[str, pd.api.extensions.ExtensionArray]:
    return {MONTH: frame[MONTH].take(rows).array, SUBSCRIBER: frame[SUBSCRIBER].take(rows).array}


def _level_texts(
    model: ChurnModel,
    frame: pd.DataFrame,
    rows: np.ndarray,
    feature: np.ndarray,
    tiers: _Tiers,
    tier: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The row's level and the tier's, where the feature is a categorical one; None elsewhere."""
    level, typical = np.full(len(rows), None, dtype=object), np.full(len(rows), None, dtype=object)
    for name in model.columns.categorical:
        here = feature == model.columns.names.index(name)
        level[here] = frame[name].take(rows[here]).astype("str").to_numpy(dtype=object)
        typical[here] = tiers.levels[name].to_numpy(dtype=object)[tier[here]]
    return level, typical
