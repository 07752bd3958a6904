"""Churn modelling and assignment, as functions from frame to frame.

Here belong splits, training, evaluation, scoring, reasons and assignment. No database, no orchestrator, no
clock and no file but a model's own folder: what is read and where results go, `orchestration` decides.
"""
