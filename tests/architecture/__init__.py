"""Rules about the shape of the project, held by tests: imports, the dbt manifest, Dagster's definitions."""
