"""Worklists: the workbook that a unit gets, fills in and hands back.

Belongs here: which columns a list shows, how a workbook looks, the words on it, and the query that
gathers its rows. Not here: who is on a list (`ml`, `retention.responsibilities`), when and where the
files are put in place (`orchestration.publishing`), reading answers back (landing).
"""

from orchestration.worklists.reading import read_task_rows, read_worklist_rows
from orchestration.worklists.texts import Texts, TextsError
from orchestration.worklists.workbook import Period, WorklistError, write_worklists

__all__ = [
    "Period",
    "Texts",
    "TextsError",
    "WorklistError",
    "read_task_rows",
    "read_worklist_rows",
    "write_worklists",
]
