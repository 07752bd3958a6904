"""How Superset runs here: for one machine, on what `RETENTION_BI_HOME` holds, asking nothing of the network.

Read by Superset itself (`SUPERSET_CONFIG_PATH`), in its own environment.
"""

import os
from pathlib import Path

from superset.config import THEME_DEFAULT as SUPERSETS_THEME

_HOME = Path(os.environ["RETENTION_BI_HOME"])
_LANGUAGE = os.environ.get("RETENTION_BI_LANGUAGE", "en")

SECRET_KEY = (_HOME / "secret_key").read_text(encoding="utf-8").strip()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{_HOME / 'superset.db'}?timeout=30"
APP_NAME = "Retention"

BABEL_DEFAULT_LOCALE = _LANGUAGE
LANGUAGES = {
    "en": {"flag": "us", "name": "English"},
    "zh": {"flag": "cn", "name": "中文"},
}
if _LANGUAGE == "zh":
    LANGUAGES = dict(reversed(LANGUAGES.items()))

FEATURE_FLAGS = {
    # Dashboards are kept as code; nothing of them is sent or fetched.
    "ALERT_REPORTS": False,
    "THUMBNAILS": False,
    # Every chart is drawn at once, so that a page prints whole.
    "DASHBOARD_VIRTUALIZATION": False,
}

# Nothing is asked of another host, by the server or by the browser.
SCARF_ANALYTICS = False
CONTENT_SECURITY_POLICY_WARNING = False
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
        "frame-ancestors": ["'self'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Nobody signs up; without a log-in there is nothing to see.
AUTH_USER_REGISTRATION = False
PUBLIC_ROLE_LIKE = None

# No answer is kept: the next one reads what has been published by then.
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
ROW_LIMIT = 10_000
SQL_MAX_ROW = 100_000

EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "retention",
        "label": "Retention (colour-blind safe)",
        "description": "Paul Tol's muted set",
        "isDefault": True,
        "colors": [
            "#332288",
            "#88CCEE",
            "#CC6677",
            "#117733",
            "#DDCC77",
            "#AA4499",
            "#44AA99",
            "#882255",
            "#999933",
            "#888888",
        ],
    },
    {
        "id": "retention_one",
        "label": "Retention, one colour",
        "description": "Where colours would say nothing",
        "colors": ["#332288"],
    },
]
# Boxes stand for intervals here (low, value, high): their legend would only say "boxplot"; 0 is always in
# sight, as a line, since what lies across it shows nothing; long names are broken rather than cut. Bars count
# whole things. Buttons that choose all of a legend would be noise.
THEME_DEFAULT = {
    **SUPERSETS_THEME,
    "token": {
        **SUPERSETS_THEME["token"],
        "brandAppName": APP_NAME,
        "echartsOptionsOverrides": {"legend": {"selector": False}},
        "echartsOptionsOverridesByChartType": {
            "box_plot": {
                "legend": {"show": False},
                "xAxis": {
                    "axisLine": {"onZero": True, "lineStyle": {"color": "#444444", "width": 1.5}},
                    "axisTick": {"show": False},
                    "axisLabel": {"width": 98, "overflow": "break", "fontSize": 11},
                },
                "yAxis": {"scale": False},
            },
            "echarts_timeseries_bar": {"yAxis": {"minInterval": 1}},
        },
    },
}

EXTRA_SEQUENTIAL_COLOR_SCHEMES = [
    {
        "id": "retention_blue",
        "label": "Retention blue",
        "description": "From pale to dark",
        "isDiverging": False,
        "isDefault": True,
        "colors": ["#f7fbff", "#deebf7", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#084594"],
    }
]
