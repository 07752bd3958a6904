"""Naive rules: the error for a column that did not come; their order is shown in their docstrings."""

import pandas as pd
import pytest

from ml.naive_rules import tenure_risk


def test_naive_rule_names_the_column_it_misses() -> None:
    with pytest.raises(ValueError, match="Missing column: months_on_net"):
        tenure_risk(pd.DataFrame({"tenure_months": [4]}), "months_on_net")


def test_naive_rule_puts_the_unknown_last() -> None:
    found = tenure_risk(pd.DataFrame({"tenure_months": pd.array([50, None, 4], dtype="Int64")}))

    assert found.argmin() == 1
    assert found.argmax() == 2
