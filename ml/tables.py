"""Tables: reading a stranger's table, whose columns nobody has declared.

Here belong what kind of feature a column is, which columns are none, which value of the target means churn,
and the errors that name the column and the row. What is fitted on the table belongs to `library`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.columns import FeatureColumns

_CHURN_WORDS = {"yes": "no", "y": "n", "true": "false", "t": "f", "1": "0", "1.0": "0.0", "churned": "stayed"}
# Text with more different values than this, all of them numbers, is a number in the wrong clothes.
_MOST_NUMBERS_AS_LEVELS = 50
# Fewer rows than this can all differ by chance.
_FEWEST_IDS = 20
_ID = "another value in every row, like an id"


@dataclass(frozen=True)
class TableColumns:
    """The features of a table, and the columns that are none, each with the reason."""

    features: FeatureColumns
    left_out: dict[str, str]


def require_columns(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise ValueError with the names of columns that are missing or stand twice."""
    missing = [name for name in dict.fromkeys(names) if name not in frame.columns]
    if missing:
        raise ValueError(f"Missing columns: {', '.join(missing)}. Nothing is filled in for a column.")
    twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()] if name in names})
    if twice:
        raise ValueError(f"Columns that stand twice: {', '.join(twice)}. Name each one differently.")


def infer_columns(frame: pd.DataFrame, names: Sequence[str], *, named: bool) -> TableColumns:
    """The kind of each of these columns, by its values.

    Flags are boolean, numbers numeric, texts categorical; texts that are all numbers, and too many for
    levels, are numeric. No features are ids (texts or whole numbers, another one in every row) and dates:
    they are left out, or refused where the caller has `named` the columns himself.

    >>> frame = pd.DataFrame({"bill": [9.5, None], "brand": ["gold", "silver"], "on_contract": [True, False]})
    >>> infer_columns(frame, list(frame), named=False).features
    FeatureColumns(numeric=('bill',), boolean=('on_contract',), categorical=('brand',))
    """
    kinds: dict[str, list[str]] = {"numeric": [], "boolean": [], "categorical": []}
    left_out = {}
    for name in names:
        kind = _kind(frame[name], name)
        if kind in kinds:
            kinds[kind].append(name)
        else:
            left_out[name] = kind
    if named and left_out:
        listed = "; ".join(f"{name} ({why})" for name, why in left_out.items())
        raise ValueError(f"Columns that are no features: {listed}. Take them out or turn them into numbers.")
    numeric, boolean, categorical = (tuple(found) for found in kinds.values())
    return TableColumns(FeatureColumns(numeric, boolean, categorical), left_out)


def readable(frame: pd.DataFrame, features: FeatureColumns) -> pd.DataFrame:
    """The features alone, as a matrix can be made of them: numbers as such, blank texts as missing.

    ValueError names the column and the row of a value that is no number where one is needed.
    """
    require_columns(frame, features.names)
    read = {name: _as_number(frame[name], name) for name in features.numeric + features.boolean}
    return pd.DataFrame(
        read | {name: _as_text(frame[name]) for name in features.categorical}, index=frame.index
    )


def churn_value(values: pd.Series, target: str, given: object = None) -> object:
    """The value of the target that means churn: the one `given`, or the plainer of a pair that says so.

    Such pairs are true/false, 1/0, 1/-1, and in words of any case yes/no, y/n, true/false, t/f and
    churned/stayed. Of any other pair nobody can say which one is churn.

    >>> churn_value(pd.Series(["No", "Yes", None]), "churn")
    'Yes'
    """
    found = sorted(values.dropna().unique().tolist(), key=str)
    shown = ", ".join(repr(value) for value in found[:5]) + (", ..." if len(found) > 5 else "")
    if len(found) != 2:
        raise ValueError(
            f"Target {target} holds {len(found)} different values ({shown}). It must hold two, churned or "
            "not, and null where that is not known."
        )
    if given is not None:
        if given not in found:
            raise ValueError(
                f"Target {target} never holds {given!r}, only {shown}. Name one of them as churner."
            )
        return given
    if all(isinstance(value, (bool, int, float)) for value in found) and set(found) in ({0, 1}, {-1, 1}):
        return max(found)
    words = {str(value).strip().rstrip(".").lower(): value for value in found}
    for yes, no in _CHURN_WORDS.items():
        if set(words) == {yes, no}:
            return words[yes]
    raise ValueError(f"Target {target} holds {shown}: say which of them is churn (churner={found[0]!r}).")


def outcomes(values: pd.Series, target: str, churner: object) -> np.ndarray:
    """The target as 1.0 for the churner's value, 0.0 for the only other one, NaN where null."""
    found = values.notna().to_numpy()
    is_churner = (values == churner).fillna(False).to_numpy(dtype=bool)
    others = values[found & ~is_churner].unique().tolist()
    if len(others) > 1:
        row = values.index[np.flatnonzero(found & (values != others[0]).to_numpy() & ~is_churner)[0]]
        raise ValueError(
            f"Target {target} holds {len(others) + 1} different values, such as {others[1]!r} in row {row}. "
            f"It must hold {churner!r} and one other."
        )
    return np.where(found, is_churner.astype(np.float64), np.nan)


def entities(frame: pd.DataFrame, entity: str | None) -> np.ndarray:
    """The entity of each row, as text; without such a column each row is its own."""
    if entity is None:
        return np.arange(len(frame))
    _refuse_null(frame[entity], entity)
    return frame[entity].astype("str").to_numpy(dtype=object)


def months(frame: pd.DataFrame, month: str) -> np.ndarray:
    """The months of a table as first days (datetime64): dates, periods, texts, or numbers such as 202406."""
    values = frame[month]
    _refuse_null(values, month)
    if isinstance(values.dtype, pd.PeriodDtype):
        values = values.dt.to_timestamp()
    if pd.api.types.is_numeric_dtype(values):
        values = pd.to_datetime(values.astype("int64").astype("str"), format="%Y%m", errors="coerce")
    else:
        values = pd.to_datetime(values, errors="coerce")
    if values.isna().any():
        place = int(values.isna().to_numpy().argmax())
        raise ValueError(
            f"Column {month} holds no month in row {frame.index[place]}: {frame[month].iloc[place]!r}."
        )
    return values.to_numpy(dtype="datetime64[M]").astype("datetime64[s]")


def _refuse_null(values: pd.Series, name: str) -> None:
    if values.isna().any():
        row = values.index[int(values.isna().to_numpy().argmax())]
        raise ValueError(f"Column {name} is null in row {row}. Every row needs its key.")


def _kind(values: pd.Series, name: str) -> str:
    """Numeric, boolean or categorical; or else why the column is no feature."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return "categorical"
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind == "boolean":
        return "boolean"
    if kind == "empty":
        return "numeric"
    if kind in ("integer", "floating", "integer-na", "mixed-integer-float", "decimal"):
        return _ID if _numbers_count(values) else "numeric"
    if kind in ("datetime64", "datetime", "date", "period", "timedelta64", "timedelta", "time"):
        return "dates: say how long ago instead"
    if kind != "string":
        first = type(values.dropna().iloc[0])
        other = next(row for row, value in values.dropna().items() if type(value) is not first)
        raise ValueError(f"Column {name} holds values of several kinds, see row {other}. Give it one kind.")
    texts = _as_text(values)
    numbers = pd.to_numeric(texts, errors="coerce")
    known = texts.dropna()
    if numbers.notna().sum() == len(known) and len(known) and known.nunique() > _MOST_NUMBERS_AS_LEVELS:
        return _ID if _numbers_count(numbers) else "numeric"
    return _ID if len(known) >= _FEWEST_IDS and known.is_unique else "categorical"


def _numbers_count(values: pd.Series) -> bool:
    """Whether these are whole numbers, one of its own for every row, as only ids are."""
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return (
        len(numbers) >= _FEWEST_IDS
        and bool((numbers == np.floor(numbers)).all())
        and len(np.unique(numbers)) == len(numbers)
    )


def _as_number(values: pd.Series, name: str) -> pd.Series:
    if pd.api.types.infer_dtype(values, skipna=True) != "string" and not isinstance(
        values.dtype, pd.CategoricalDtype
    ):
        return values
    texts = _as_text(values)
    numbers = pd.to_numeric(texts, errors="coerce")
    wrong = (numbers.isna() & texts.notna()).to_numpy()
    if wrong.any():
        place = int(wrong.argmax())
        raise ValueError(
            f"Column {name} holds no number in row {values.index[place]}: {texts.iloc[place]!r}."
        )
    return numbers


def _as_text(values: pd.Series) -> pd.Series:
    """Levels as text, blank ones missing; whole numbers alike, also where a gap has made them decimals."""
    if pd.api.types.is_float_dtype(values) and not (values.dropna() % 1).any():
        values = values.astype("Int64")
    texts = values.astype("str").str.strip()
    return texts.mask(texts == "")
