"""The made-up operator: raw extracts in the raw contract, and their hidden truth.

Belongs here: everything that invents data. Not here: anything that the pipeline uses; nothing in the
pipeline reads the truth. Sees numpy, pandas, duckdb, pyarrow and openpyxl only.
"""

from seeds.simulator.answers import AnswersSummary, answer_worklists
from seeds.simulator.simulation import SimulationSummary, simulate

__all__ = ["AnswersSummary", "SimulationSummary", "answer_worklists", "simulate"]
