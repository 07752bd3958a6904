"""Who gets which contact when visits, hours, people and money are short: the best choice, and its proof.

Belongs here: picking one option a customer under capacities and budgets, by one of three engines (`flow`,
`dual`, `exact`), the proof of how good the pick is, and the worth of one more unit of what is short. Not
here: which options a customer has and what they are worth (`ml/assignment.py`), who may be contacted at all.
"""

from ml.allocation.blocks import as_blocks, to_members
from ml.allocation.engines import Allocation, allocate
from ml.allocation.problem import InfeasibleAllocationError

__all__ = ["Allocation", "InfeasibleAllocationError", "allocate", "as_blocks", "to_members"]
