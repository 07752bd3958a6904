"""The dashboards of the published marts as code, and the BI tool that shows them (`make bi`).

Belongs here: what each dashboard shows (`specs/`), which published rows it reads (`datasets/`), how both
become a bundle that Apache Superset imports, how Superset starts. Not here: how a figure is calculated; a
dashboard reads published columns and sums or picks them. `server/` runs in Superset's own environment and
imports nothing of this package.
"""
