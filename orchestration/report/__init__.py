"""The monthly report: one page that says what the month was, in English and Chinese; and the year's.

Belongs here: reading what was known at the month's end from the published tables, messages worked out from
the figures, the page. Not here: drawing (`orchestration.charts`), the words (`texts.csv`), when it is written
(`orchestration.publishing`).

A report says what was known at the end of its month, whatever has been learnt since: run again, the month
gives the same bytes. So columns that fill up later are read as of that month, or left to later reports.
"""

from orchestration.report.report import write_reports

__all__ = ["write_reports"]
