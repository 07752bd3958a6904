"""From NumPy arrays to the contract's Arrow columns, without a loop over rows.

Belongs here: ids, codes, decimals and nulls as Arrow arrays. Not here: files (`writing.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from seeds.simulator.months import Array

Column = Any
"""A NumPy or an Arrow array; NaN, NaT and a null of Arrow mean null. (PyArrow brings no types.)"""


def identifiers(prefix: str, numbers: Array, digits: int) -> pa.Array:
    """Return `prefix` + zero-padded number as strings; a negative number gives null."""
    count, width = len(numbers), len(prefix) + digits
    text = np.empty((count, width), dtype=np.uint8)
    text[:, : len(prefix)] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    powers = 10 ** np.arange(digits - 1, -1, -1, dtype=np.int64)
    text[:, len(prefix) :] = (np.abs(numbers).astype(np.int64)[:, None] // powers) % 10 + ord("0")
    offsets = (np.arange(count + 1, dtype=np.int64) * width).astype(np.int32)
    buffers = [_validity(np.asarray(numbers) < 0), pa.py_buffer(offsets), pa.py_buffer(text)]
    return pa.Array.from_buffers(pa.string(), count, buffers)


def coded(codes: Array, labels: Sequence[str]) -> pa.Array:
    """Return the label of each code, dictionary-encoded; a negative code gives null."""
    # A dictionary that says a label twice makes the Parquet writer's bytes differ from run to run.
    distinct = list(dict.fromkeys(labels))
    place = np.array([distinct.index(label) for label in labels], dtype=np.int32)
    codes = np.asarray(codes, dtype=np.int32)
    indices = pa.array(place[codes] if len(labels) else codes, mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(distinct, pa.string()))


def to_table(columns: Mapping[str, Column], schema: pa.Schema) -> pa.Table:
    """Return the columns as a table of the schema; a column that is not given is null throughout.

    Raises `KeyError` for a column that the schema does not know, `ValueError` for an empty mapping.
    """
    unknown = sorted(set(columns) - set(schema.names))
    if unknown:
        raise KeyError(f"columns {unknown} are not in the contract; it has {schema.names}")
    count = len(next(iter(columns.values())))
    arrays, fields = [], []
    for field in schema:
        array = _to_array(columns[field.name], field.type) if field.name in columns else None
        array = pa.nulls(count, field.type) if array is None else array
        arrays.append(array)
        fields.append(pa.field(field.name, array.type))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _to_array(values: Column, data_type: pa.DataType) -> pa.Array:
    if isinstance(values, pa.Array):
        return values
    if pa.types.is_decimal(data_type):
        return _decimals(np.asarray(values, dtype=np.float64), data_type)
    if values.dtype.kind == "f" and pa.types.is_integer(data_type):
        missing = np.isnan(values)
        return pa.array(np.where(missing, 0, values).astype(np.int32), data_type, mask=missing)
    if pa.types.is_floating(data_type):
        return pa.array(values.astype(np.float64), data_type, mask=np.isnan(values))
    if values.dtype.kind == "M" and pa.types.is_timestamp(data_type):
        values = values.astype("datetime64[us]")
    return pa.array(values, data_type)


def _decimals(values: Array, data_type: pa.Decimal128Type) -> pa.Array:
    missing = np.isnan(values)
    scaled = np.rint(np.where(missing, 0.0, values) * 10.0**data_type.scale).astype(np.int64)
    words = np.stack([scaled, scaled >> 63], axis=1)
    buffers = [_validity(missing), pa.py_buffer(words)]
    return pa.Array.from_buffers(data_type, len(values), buffers)


def _validity(missing: Array) -> pa.Buffer | None:
    return pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None
