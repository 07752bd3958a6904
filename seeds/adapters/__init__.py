"""Adapters: somebody else's file turned into extracts of the raw contract, by SQL.

Belongs here: the little machinery that reads a file, runs an adapter's SQL and writes landing folders, and
one folder an adapter. Not here: the checking and landing of extracts (`orchestration/landing`), and the
made-up operator (`seeds/simulator`).

An adapter is a folder `<name>/` of

- `<table>.sql`: one SELECT per raw table that the file can speak for. It reads the table `source` (rows of
  the given files; every column is text, empty is null, names match in any case) and gives columns of the raw
  contract (`seeds/reference/raw_columns.csv`). What the file does not know is left out and becomes null:
  unknown. A register table also gives `landed_month`, the month its row was delivered in.
- `_<step>.sql`: a SELECT that several tables share; it runs first and they read it as `<step>`.
- `operator.toml`: the settings that the file's operator needs. It goes beside the landing folder.

Each choice that somebody could have made otherwise is a comment in the SQL: what was chosen, and why.
"""

from seeds.adapters.adapting import AdaptSummary, adapt
from seeds.adapters.reading import AdaptError

__all__ = ["AdaptError", "AdaptSummary", "adapt"]
