"""The made-up operator: raw extracts in the raw contract, and their hidden truth.

Belongs here: everything that invents data. Not here: anything that the pipeline uses; nothing in the
pipeline reads the truth. Sees numpy, pandas, duckdb and pyarrow only.
"""

from seeds.simulator.simulation import SimulationSummary, simulate

__all__ = ["SimulationSummary", "simulate"]
