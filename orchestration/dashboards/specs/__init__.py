"""The dashboards, one module each, and the datasets that they share."""

from orchestration.dashboards.specs.data_quality import DATA_QUALITY
from orchestration.dashboards.specs.datasets import DATASETS
from orchestration.dashboards.specs.early_warning import EARLY_WARNING
from orchestration.dashboards.specs.effect import EFFECT
from orchestration.dashboards.specs.model_health import MODEL_HEALTH
from orchestration.dashboards.specs.responsibility import RESPONSIBILITY

DASHBOARDS = (EARLY_WARNING, RESPONSIBILITY, EFFECT, MODEL_HEALTH, DATA_QUALITY)

__all__ = ["DASHBOARDS", "DATASETS"]
