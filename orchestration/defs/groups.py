"""The groups of assets, in the order in which a month goes through them.

Belongs here: the names of groups that assets made by Python stand in. Those of SQL bear the same names in
`dbt_project.yml`. Numbered, because Dagster sorts groups by name.
"""

LANDING = "01_landing"
RULE_BOOK = "02_rule_book"
STAGING = "03_staging"
BASE = "04_base"
WARNINGS = "05_warnings"
FEATURES = "06_features"
MODEL = "07_model"
RESPONSIBILITY = "08_responsibility"
WORK = "09_work"
EFFECT = "10_effect"
KPI = "11_kpi"
PUBLISHED = "12_published"
WEDNESDAY = "13_wednesday"

GROUPS = {
    LANDING: "What came in: raw tables, what was rejected, and the answers of the units.",
    RULE_BOOK: "Rules, thresholds, lists and texts: rows that people change.",
    STAGING: "Raw tables, renamed and typed.",
    BASE: "Who is there, what they use and pay, who has stopped, and who counts as churned.",
    WARNINGS: "Who is warned: colours of the weeks, points of the scorecard, causes by rule.",
    FEATURES: "What was known of a candidate, and what became of him.",
    MODEL: "Models trained, judged and released; scores with reasons; the watch over both.",
    RESPONSIBILITY: "Whose customer, within whose capacity: the month's list.",
    WORK: "Tasks of the weeks, contacts made, requests that follow of them.",
    EFFECT: "Whether contact helped, whom rules and models found, how units did.",
    KPI: "Figures of the month by branch, brand and tier.",
    PUBLISHED: "What people and BI tools read, and how each month stands.",
    WEDNESDAY: "The Wednesday run of a warning week.",
}
"""Each group and what it holds."""
