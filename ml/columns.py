"""Columns of a modelling frame: keys, features, and how values become the numbers a model sees.

Here belong the names of the key columns, the checks of a frame's columns and keys, the category levels learnt
in training and the numeric matrix made with them. What is fitted on that matrix belongs to `training`; what
months it is made of, to `splits`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

MONTH = "snapshot_month"
SUBSCRIBER = "subscriber_id"
KEY = (MONTH, SUBSCRIBER)

_NUMBER_KINDS = {"boolean", "decimal", "floating", "integer", "integer-na", "mixed-integer-float", "empty"}


@dataclass(frozen=True)
class FeatureColumns:
    """Names of the feature columns, by the kind of their values; the order is the order in the model.

    >>> FeatureColumns(numeric=("bill",), boolean=("on_contract",), categorical=("brand",)).names
    ('bill', 'on_contract', 'brand')
    """

    numeric: tuple[str, ...]
    boolean: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Turn lists into tuples and refuse names said twice, and keys, which a model must never see."""
        for kind in fields(self):
            object.__setattr__(self, kind.name, tuple(getattr(self, kind.name)))
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise ValueError(f"Feature columns named more than once: {', '.join(twice)}. Name each one once.")
        keys = [name for name in KEY if name in self.names]
        if keys:
            raise ValueError(f"Key columns among the features: {', '.join(keys)}. A key is no feature.")

    @property
    def names(self) -> tuple[str, ...]:
        """All feature names, in the order of the model's columns."""
        return self.numeric + self.boolean + self.categorical

    @property
    def types(self) -> list[str]:
        """XGBoost's type letter of each feature: q quantity, i indicator, c category."""
        return ["q"] * len(self.numeric) + ["i"] * len(self.boolean) + ["c"] * len(self.categorical)


@dataclass(frozen=True)
class CategoryLevels:
    """Levels of one categorical feature: each kept level is its own category, the pooled ones share one."""

    kept: tuple[str, ...]
    pooled: tuple[str, ...]

    @property
    def codes(self) -> dict[str, int]:
        """Code of every known level; a level that is not in it is missing to the model."""
        own = {level: code for code, level in enumerate(self.kept)}
        return own | dict.fromkeys(self.pooled, len(self.kept))


def check_columns(frame: pd.DataFrame, columns: FeatureColumns, carried: Sequence[str] = ()) -> None:
    """Raise ValueError with names unless the frame holds keys, features, `carried`, and nothing else."""
    wanted = (*KEY, *columns.names, *carried)
    missing = [name for name in dict.fromkeys(wanted) if name not in frame.columns]
    extra = [str(name) for name in frame.columns if name not in wanted]
    if missing:
        raise ValueError(
            f"Missing columns: {', '.join(missing)}. Deliver them; nothing is filled in for a column."
        )
    if extra:
        raise ValueError(
            f"Extra columns: {', '.join(extra)}. Drop them, or name them as carried if they are no features."
        )


def key_order(frame: pd.DataFrame) -> np.ndarray:
    """Positions of the rows in the order of their key; ValueError when a key is null or stands twice."""
    keys = pd.DataFrame({MONTH: months_of(frame), SUBSCRIBER: frame[SUBSCRIBER].array})
    for name in KEY:
        if keys[name].isna().any():
            row = int(np.flatnonzero(keys[name].isna())[0])
            raise ValueError(f"Column {name} is null in row {row}. Every row needs its key.")
    if keys.duplicated().any():
        month, subscriber = keys.loc[keys.duplicated().to_numpy().argmax(), list(KEY)]
        raise ValueError(
            f"Subscriber {subscriber} stands twice in {month:%Y-%m}. Give one row per subscriber and month."
        )
    return keys.sort_values(list(KEY)).index.to_numpy()


def months_of(frame: pd.DataFrame, column: str = MONTH) -> np.ndarray:
    """The months of a frame as an array of datetime64, whether they came as dates or as timestamps."""
    return pd.to_datetime(frame[column]).to_numpy(dtype="datetime64[s]")


def learn_levels(
    frame: pd.DataFrame, columns: FeatureColumns, minimum_rows: int
) -> dict[str, CategoryLevels]:
    """Levels of each categorical feature; those of fewer than `minimum_rows` rows are pooled.

    >>> frame = pd.DataFrame({"brand": ["gold", "gold", "silver", None]})
    >>> learn_levels(frame, FeatureColumns(numeric=(), categorical=("brand",)), minimum_rows=2)
    {'brand': CategoryLevels(kept=('gold',), pooled=('silver',))}
    """
    levels = {}
    for name in columns.categorical:
        counts = frame[name].astype("str").value_counts().sort_index()
        frequent = counts.to_numpy() >= minimum_rows
        levels[name] = CategoryLevels(tuple(counts.index[frequent]), tuple(counts.index[~frequent]))
    return levels


def to_matrix(
    frame: pd.DataFrame,
    columns: FeatureColumns,
    levels: Mapping[str, CategoryLevels],
    rows: np.ndarray,
    precision: type[np.floating] = np.float32,
) -> np.ndarray:
    """Matrix of shape (rows, features): the rows at these positions, categories as codes, missing as NaN.

    ValueError names the column whose values are not numbers or not finite.
    """
    matrix = np.empty((len(rows), len(columns.names)), dtype=precision)
    for place, name in enumerate(columns.names):
        values = frame[name].take(rows)
        if name in levels:
            codes = values.astype("str").map(levels[name].codes)
            matrix[:, place] = codes.to_numpy(dtype=precision, na_value=np.nan)
        else:
            matrix[:, place] = _numbers(values, name, precision)
    return matrix


def _numbers(values: pd.Series, name: str, precision: type[np.floating] = np.float32) -> np.ndarray:
    if pd.api.types.infer_dtype(values, skipna=True) not in _NUMBER_KINDS:
        raise ValueError(
            f"Column {name} holds {values.dtype} values. A numeric or boolean feature must hold numbers; "
            "declare it as categorical or convert it."
        )
    numbers = values.to_numpy(dtype=precision, na_value=np.nan)
    if np.isinf(numbers).any():
        row = values.index[int(np.isinf(numbers).argmax())]
        raise ValueError(f"Column {name} is infinite in row {row}. Make it null where it cannot be computed.")
    return numbers


def truth(frame: pd.DataFrame, target: str) -> np.ndarray:
    """The target as floats: 1.0, 0.0, or NaN where it is not judged; ValueError on any other value."""
    values = _numbers(frame[target], target)
    if not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all():
        raise ValueError(f"Target {target} holds values other than true, false and null. It must be a flag.")
    return values
