"""Files of the landing folder: Parquet, or CSV where dirt was asked for.

Belongs here: paths, formats, row counts. Not here: what the rows say.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from seeds.simulator.columns import Column, to_table
from seeds.simulator.contract import raw_tables
from seeds.simulator.dirt import DIRTY_TABLES, spoil
from seeds.simulator.months import Month


@dataclass
class Extracts:
    """The landing folder that a run fills; months before the first are not written."""

    out: Path
    seed: int
    dirt_rate: float = 0.0
    rows: Counter[str] = field(default_factory=Counter)
    """Rows written per table, planted ones included."""
    planted: dict[str, Counter[str]] = field(default_factory=dict)
    """Per table and kind of dirt: rows planted."""

    def write(self, table_name: str, month: Month | None, columns: Mapping[str, Column]) -> None:
        """Write one file; `month` is None for a static table. Without rows there is no file."""
        self.write_parts(table_name, month, [columns])

    def write_parts(
        self, table_name: str, month: Month | None, parts: Iterable[Mapping[str, Column]]
    ) -> None:
        """Write one file part by part (a row group each), so that memory holds one part."""
        table = raw_tables()[table_name]
        writer: pq.ParquetWriter | pa_csv.CSVWriter | None = None
        is_dirty = self.dirt_rate > 0 and table_name in DIRTY_TABLES and month is not None
        for number, columns in enumerate(parts):
            rows = to_table(columns, table.schema)
            if not rows.num_rows or (month is not None and month.index < 0):
                continue
            if is_dirty and month is not None:
                rows, planted = spoil(rows, table, month, self.dirt_rate, self.seed, number)
                self.planted.setdefault(table_name, Counter()).update(planted)
            if writer is None:
                writer = _writer(
                    self._path(table_name, month, ".csv" if is_dirty else ".parquet"), rows.schema
                )
            writer.write_table(rows)
            self.rows[table_name] += rows.num_rows
        if writer is not None:
            writer.close()

    def _path(self, table_name: str, month: Month | None, suffix: str) -> Path:
        folder = self.out / table_name / (month.label if month else "")
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{table_name}{suffix}"


def _writer(path: Path, schema: pa.Schema) -> "pq.ParquetWriter | pa_csv.CSVWriter":
    if path.suffix == ".csv":
        return pa_csv.CSVWriter(path, schema)
    return parquet_writer(path, schema)


def parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Return a writer whose files say plain SQL types: decimals as integers, no Arrow schema beside."""
    return pq.ParquetWriter(
        path, schema, compression="zstd", store_schema=False, store_decimal_as_integer=True
    )
