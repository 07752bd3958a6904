"""What a contact with an offer is worth: every term of the expected benefit, for each offer that fits.

Belongs here: the arithmetic of benefit over frames of one month. Not here: who gets the contact when there
are not enough of them (`ml/assignment.py`), reading (`orchestration/defs/customers.py`).
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

_FITS = (("cause", "main_cause"), ("value_tier", "value_tier"), ("phase", "phase"))


def expected_benefits(customers: pd.DataFrame, options: pd.DataFrame, *, horizon_months: int) -> pd.DataFrame:
    """Return the best option of each customer, with every term of its expected benefit.

    Benefit = probability x chance that the contact saves x margin kept over the horizon - cost of the
    contact - probability of acceptance x cost of the offer (domain.md section 7).

    Args:
        customers: one row a customer: subscriber_id, churn_probability (0 to 1, null without a model),
            margin_amount (money a month), main_cause, value_tier, phase, is_stopped (whether the line stands
            stopped; left out: none), and the terms of his contact: saving_chance (0 to 1),
            contact_cost_amount (money).
        options: one row an offer, and one row of nulls for "no offer": offer_id, cause, value_tier and phase
            (null: any), is_for_stopped_lines (for those only; left out: none), saving_factor (x the contact's
            chance), acceptance_chance, offer_cost_amount (money).
        horizon_months: months over which the margin of a saved customer counts.

    Returns:
        One row a customer in the order given: subscriber_id, offer_id, saving_chance (with the offer),
        contact_cost_amount, acceptance_chance, offer_cost_amount, margin_kept_amount, expected_benefit (null
        without a model; then the first offer of the cause, the most specific first, is proposed).

    >>> customers = pd.DataFrame({"subscriber_id": ["a"], "churn_probability": [0.2],
    ...                           "margin_amount": [50.0], "main_cause": ["price"], "value_tier": ["mid"],
    ...                           "phase": ["maintenance"], "saving_chance": [0.1],
    ...                           "contact_cost_amount": [6.0]})
    >>> options = pd.DataFrame({"offer_id": [None, "o1"], "cause": [None, "price"],
    ...                         "value_tier": [None, None], "phase": [None, None],
    ...                         "saving_factor": [1.0, 2.0],
    ...                         "acceptance_chance": [0.0, 0.25], "offer_cost_amount": [0.0, 30.0]})
    >>> best = expected_benefits(customers, options, horizon_months=12)
    >>> best.loc[0, "offer_id"], float(best.loc[0, "expected_benefit"])
    ('o1', 10.5)
    """
    ordered = _most_specific_first(options)
    best = np.full(len(customers), -np.inf)
    choice = np.zeros(len(customers), dtype=int)
    for position, option in ordered.iterrows():
        benefit = np.nan_to_num(_benefit(customers, option, horizon_months), nan=0.0)
        better = _fits(customers, option) & (benefit > best)
        best[better] = benefit[better]
        choice[better] = position
    return _with_terms(customers, ordered.loc[choice].reset_index(drop=True), horizon_months)


def fitting_actions(customers: pd.DataFrame, options: pd.DataFrame, *, horizon_months: int) -> pd.DataFrame:
    """Return all options that fit a customer, best first, with the terms of each.

    Args:
        customers: see `expected_benefits`.
        options: see `expected_benefits`.
        horizon_months: see `expected_benefits`.

    Returns:
        One row a customer and option, by customer in the order given: what `expected_benefits` returns, and
        `preference` from 1, the option that it returns.
    """
    ordered = _most_specific_first(options)
    pieces = []
    for position, option in ordered.iterrows():
        rows = np.flatnonzero(_fits(customers, option))
        benefit = np.nan_to_num(_benefit(customers, option, horizon_months)[rows], nan=0.0)
        pieces.append(pd.DataFrame({"customer": rows, "option": position, "benefit": benefit}))
    pairs = (
        pd.concat(pieces, ignore_index=True)
        .sort_values(["customer", "benefit", "option"], ascending=[True, False, True], kind="stable")
        .reset_index(drop=True)
    )
    chosen = ordered.loc[pairs["option"].astype(int)].reset_index(drop=True)
    actions = _with_terms(customers.iloc[pairs["customer"].astype(int)], chosen, horizon_months)
    return actions.assign(preference=(pairs.groupby("customer").cumcount() + 1).to_numpy())


def _most_specific_first(options: pd.DataFrame) -> pd.DataFrame:
    """Return an offer before none, the more specific before the more general, then by id."""
    terms = ["saving_factor", "acceptance_chance", "offer_cost_amount"]
    ordered = options.astype(dict.fromkeys(terms, float)).sort_values("offer_id", kind="stable")
    generality = options["offer_id"].isna() * 4 + options[["value_tier", "phase"]].isna().sum(axis=1)
    if "is_for_stopped_lines" in options:
        generality -= options["is_for_stopped_lines"].fillna(False).astype(int) * 3
    return ordered.iloc[np.argsort(generality.loc[ordered.index], kind="stable")].reset_index(drop=True)


def _fits(customers: pd.DataFrame, option: pd.Series) -> npt.NDArray[np.bool_]:
    fits = np.full(len(customers), True)
    for wanted, has in _FITS:
        if pd.notna(option[wanted]):
            fits &= (customers[has] == option[wanted]).to_numpy(dtype=bool)
    if option.get("is_for_stopped_lines", False):
        fits &= customers["is_stopped"].to_numpy(dtype=bool) if "is_stopped" in customers else False
    return fits


def _margin_kept(customers: pd.DataFrame, horizon_months: int) -> npt.NDArray[np.float64]:
    return np.asarray(customers["margin_amount"].astype(float).clip(lower=0)) * horizon_months


def _benefit(
    customers: pd.DataFrame, option: pd.Series | pd.DataFrame, horizon_months: int
) -> npt.NDArray[np.float64]:
    """Return the benefit of one option for all, or of a row of options for each."""
    benefit: npt.NDArray[np.float64] = (
        customers["churn_probability"].astype(float).to_numpy()
        * customers["saving_chance"].astype(float).to_numpy()
        * np.asarray(option["saving_factor"])
        * _margin_kept(customers, horizon_months)
        - customers["contact_cost_amount"].astype(float).to_numpy()
        - np.asarray(option["acceptance_chance"]) * np.asarray(option["offer_cost_amount"])
    )
    return benefit


def _with_terms(customers: pd.DataFrame, chosen: pd.DataFrame, horizon_months: int) -> pd.DataFrame:
    """Return the customers with the option in the same row, term by term."""
    return pd.DataFrame(
        {
            "subscriber_id": customers["subscriber_id"].to_numpy(),
            "offer_id": chosen["offer_id"],
            "saving_chance": customers["saving_chance"].astype(float).to_numpy() * chosen["saving_factor"],
            "contact_cost_amount": customers["contact_cost_amount"].astype(float).to_numpy(),
            "acceptance_chance": chosen["acceptance_chance"],
            "offer_cost_amount": chosen["offer_cost_amount"],
            "margin_kept_amount": _margin_kept(customers, horizon_months),
            "expected_benefit": _benefit(customers, chosen, horizon_months).round(2),
        }
    )
