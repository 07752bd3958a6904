"""Churn modelling and assignment, as functions from frame to frame.

Here belong splits, training, evaluation, scoring, reasons and assignment. No database, no orchestrator, no
clock and no file but a model's own folder: what is read and where results go, `orchestration` decides.

A churn table of your own takes four calls; a calendar is not needed:

>>> import numpy as np, pandas as pd
>>> generator = np.random.default_rng(2)
>>> bill, brand = generator.gamma(4, 25, 600), generator.choice(["gold", "youth"], 600)
>>> leaves = generator.random(600) < np.where(brand == "youth", 0.5, 0.1)
>>> table = pd.DataFrame({"customer": range(600), "bill": bill, "brand": brand})
>>> table["churn"] = np.where(leaves, "Yes", "No")

>>> model = fit(table, target="churn", entity="customer", settings=0)
>>> predict(model, pd.DataFrame({"bill": [80.0, 80.0], "brand": ["gold", "youth"]})).round(1).tolist()
[0.1, 0.5]
>>> evaluate(model, table).rows, model.evaluation.auc.value > 0.7
(600, True)
>>> explain(model, table.tail(1)).columns.tolist()
['bill', 'brand', 'constant']
"""

from ml.library import TableModel, evaluate, explain, fit, predict

__all__ = ["TableModel", "evaluate", "explain", "fit", "predict"]
