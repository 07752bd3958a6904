"""Customers bound together: one option for all of a block, or none.

Belongs here: making one customer of a block before the allocation, and members of it afterwards.
"""

import pandas as pd

from ml.allocation.problem import USES


def as_blocks(options: pd.DataFrame, blocks: pd.Series) -> pd.DataFrame:
    """Return the options with each block as one customer: values and amounts of its members added up.

    An option stands for a block only where every member has it: all of them take it, or none does.

    Args:
        options: as `allocate` takes them, of single customers.
        blocks: block_id by customer_id, for every customer of the options; who stands alone is a block. A
            member without options keeps his block from all of them; leave out whom the block goes without.

    Returns:
        Options of blocks: customer_id is the block_id. Members may have options of negative value; the sum
        decides.

    Raises:
        ValueError: a customer has no block, or members use different resources or budgets by one option.

    >>> options = pd.DataFrame({"customer_id": ["a", "b", "b"], "option_id": ["call", "call", "visit"],
    ...                         "value": [5.0, -1.0, 9.0]})
    >>> as_blocks(options, pd.Series({"a": "g", "b": "g"})).to_dict("records")
    [{'customer_id': 'g', 'option_id': 'call', 'value': 4.0}]
    """
    block = options["customer_id"].map(blocks)
    if block.isna().any():
        raise ValueError(f"customer {options.loc[block.isna(), 'customer_id'].iloc[0]} has no block")
    members = blocks.value_counts()
    uses = [(limit, amount) for limit, amount, _ in USES if limit in options]
    grouped = options.assign(customer_id=block).groupby(["customer_id", "option_id"], sort=True)
    totals = grouped[["value", *[amount for _, amount in uses]]].sum()
    for limit, _ in uses:
        if grouped[limit].nunique(dropna=False).max() > 1:
            raise ValueError(f"members of a block use more than one {limit} by one option")
        totals[limit] = grouped[limit].first()
    everybody = grouped.size() == members.reindex(totals.index.get_level_values("customer_id")).to_numpy()
    return totals[everybody].reset_index()


def to_members(choice: pd.DataFrame, blocks: pd.Series) -> pd.DataFrame:
    """Return the option of each member: customer_id, option_id; by customer_id.

    Args:
        choice: customer_id (a block_id) and option_id (null: no action), as `allocate` returns it.
        blocks: see `as_blocks`.

    >>> choice = pd.DataFrame({"customer_id": ["g"], "option_id": ["call"], "value": [4.0]})
    >>> to_members(choice, pd.Series({"b": "g", "a": "g"})).to_dict("records")
    [{'customer_id': 'a', 'option_id': 'call'}, {'customer_id': 'b', 'option_id': 'call'}]
    """
    options = choice.set_index("customer_id")["option_id"]
    members = blocks[blocks.isin(options.index)].sort_index()
    return pd.DataFrame(
        {"customer_id": members.index, "option_id": options.reindex(members.to_numpy()).to_numpy()}
    )
