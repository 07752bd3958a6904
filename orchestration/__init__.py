"""Dagster definitions, landing, publishing and the command line."""
