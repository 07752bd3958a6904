"""Landing: files of the raw contract become `raw_*` tables, with accounts that add up.

Belongs here: finding, reading and checking extracts, replacing a landed month, quarantine and audit.
Not here: renaming or deriving anything (dbt's staging), when to land (orchestration/defs).
"""

from orchestration.landing.accounts import FileAccount, LandingError, LandingSummary
from orchestration.landing.replacing import land, prepare

__all__ = ["FileAccount", "LandingError", "LandingSummary", "land", "prepare"]
