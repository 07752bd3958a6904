"""The monthly report: figures worked out by hand, what a month knew at its end, both languages."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from string import Formatter

import duckdb
import pytest

from orchestration.report import write_reports
from orchestration.report.page import Chart
from orchestration.report.report import SECTIONS, YEAR_SECTIONS
from orchestration.report.sections import (
    base,
    changes,
    churn,
    effect,
    model,
    overview,
    recommendations,
    service,
    spend,
    warnings,
    work,
)
from orchestration.report.words import Words
from orchestration.settings import REFERENCE, OperatorSettings
from tests.report_tables import EFFECT, KPI, LIST, MOVES, STOPS, TEXTS, context, publication, table

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)
PACKAGE = Path(__file__).parents[3] / "orchestration" / "report"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with publication() as connection:
        yield connection


def written(
    connection: duckdb.DuckDBPyConnection, folder: Path, month: date = JUNE, language: str = "en"
) -> str:
    settings = OperatorSettings(name="<script>alert(1)</script>", language=language)
    write_reports(connection, month, folder, published="publication", settings=settings, texts=TEXTS)
    return plain(folder / "report.html")


def plain(file: Path) -> str:
    """A page without what only keeps words together."""
    return re.sub(r"</?span[^>]*>", "", file.read_text(encoding="utf-8"))


def test_base_counts_tiers_and_names_the_change(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(KPI + ";" + MOVES)

    section = base.section(context(connection))

    assert section.message == (
        "The mid- and high-value base grew to 44 lines (+10.0% on the month before), 44.0% of all"
    )
    assert table(section, "by tier in 2026-06") == [
        ["High", "12", "+20.0%", "–"],
        ["Mid", "32", "+6.7%", "–"],
        ["Mass", "56", "−6.7%", "–"],
        ["Mid and high value", "44", "+10.0%", "–"],
    ]
    # 4 from mass; 3 to mass; 1 new; 2 gone: 4 + 1 - 3 - 2 = 0.
    assert section.paragraphs == [
        "4 lines moved up into mid or high value and 3 fell to mass; 1 lines of mid or high value are new "
        "and 2 are no longer on the books: 0 in all."
    ]
    assert table(section, "(rows) and in") == [
        ["High", "7", "0", "0", "0"],
        ["Mid", "5", "0", "3", "2"],
        ["Mass", "0", "4", "50", "6"],
        ["New", "1", "0", "2", ""],
    ]
    assert "Not reported: marts.base_profile has not been published." in section.notes


def test_the_bridge_of_bills_adds_up(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(KPI + ";" + MOVES)

    steps = spend.bridge_steps(context(connection).reader.rows(spend._MOVES))

    assert steps == {
        "before": 150 + 330 + 900 + 1500,
        "left": -150,
        "new": 240,
        "moved_down": -330,
        "moved_up": 400,
        "rest": (1100 + 1450) - (900 + 1500),
        "now": 240 + 400 + 1100 + 1450,
    }
    assert steps["now"] == steps["before"] + sum(
        steps[step] for step in ("left", "new", "moved_down", "moved_up", "rest")
    )
    section = spend.section(context(connection))
    assert section.message == (
        "Mid- and high-value billing rose to 5,600 CNY (+12.0% on the month before); the largest gain: rose "
        "from mass (+400 CNY)"
    )


def test_churn_compares_what_each_months_end_knew(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(KPI + ";" + STOPS)

    section = churn.section(context(connection))

    # Of May two of high value were known in May; the third only in June.
    assert section.message == (
        "Mid- and high-value lines known to have left of their own accord in 2026-06: 1; of 2026-05 2 were "
        "known at its end"
    )
    assert table(section, "Churn of 2026-06")[:4] == [
        ["Voluntary stop", "Mid,\u00a0high", "1", "2.3%", "2", "–"],
        ["", "All lines", "1", "1.00%", "3", "–"],
        ["Involuntary stop (debt, fraud, administration)", "Mid,\u00a0high", "1", "2.3%", "0", "–"],
        ["", "All lines", "1", "1.00%", "0", "–"],
    ]
    # No month before May has landed.
    assert section.notes[0].startswith("Figures from 2026-05 on are provisional")


def test_churn_of_the_final_month_counts_what_came_later(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(KPI.replace("2026-05-01", "2026-03-01") + ";" + STOPS)

    section = churn.section(context(connection))

    # The silence known in July is not known yet.
    assert section.notes[1] == (
        "2026-03 is final: 2 left voluntarily, 5.0% of the mid- and high-value base; 1 of them were known at "
        "its end."
    )


def test_warnings_compare_average_weeks_since_months_have_four_or_five(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute(
        KPI
        + """;
        create table publication.retention.churn_warnings as
            select month::date as week_month, week::date as warning_week, 'S' || number as subscriber_id,
                case when number = 1 then 'red' when number = 2 then 'yellow' else 'blue' end as colour,
                true as is_new
            from (values
                ('2026-05-01', '2026-05-13', 4), ('2026-05-01', '2026-05-20', 4),
                ('2026-06-01', '2026-06-10', 3), ('2026-06-01', '2026-06-17', 1),
                ('2026-06-01', '2026-06-24', 1)
            ) weeks (month, week, warned), range(1, warned + 1) numbers (number);
        create table publication.retention.warning_evidence as
            select *, 'C2' as condition_id from publication.retention.churn_warnings
            where colour in ('red', 'yellow')
        """
    )

    section = warnings.section(context(connection))

    # Red or yellow: 2 + 2 in two weeks of May, 2 + 1 + 1 in three of June.
    assert warnings.weeks_of(context(connection)) == {MAY: 2, JUNE: 3}
    assert section.message == (
        "1 lines were red or yellow in an average week of 2026-06, −33.3% on 2026-05; 7 were red in at least "
        "one week"
    )
    assert table(section, "weeks that ended in it: 2026-06: 3, 2026-05: 2")[-1] == [
        "Total",
        "25",
        "+25.0%",
        "–",
    ]
    weeks, conditions = (block for block in section.blocks if isinstance(block, Chart))
    assert "Red: 2026-05-13 1, 2026-06-24 1; Yellow: 2026-05-13 1, 2026-06-24 0" in weeks.svg
    assert "Use or charges fell sharply: 1  (−33.3%)" in conditions.svg


def test_warnings_of_a_month_without_a_base_month(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        KPI.replace("7, 2, 1, 4", "null, null, null, null").replace("18, 5, 1, 12", "null, null, null, null")
        + "; create table publication.retention.churn_warnings (week_month date)"
    )

    assert warnings.section(context(connection)).message.startswith("No week of 2026-06 could be judged")


def test_work_counts_the_list_and_last_months_answers_known_by_now(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute(LIST)

    section = work.section(context(connection))

    assert section.message == (
        "1 of 4 lines at risk (25.0%) were given to a person; 3 contacts were reported back in the month, 1 "
        "of them reached the customer"
    )
    assert table(section, "by decision") == [
        ["Assigned", "1", "1"],
        ["· Call", "1", "1"],
        ["Held out (control group)", "1", "0"],
        ["Suppressed", "1", "0"],
        ["· No contact data", "1", "0"],
        ["Beyond capacity", "1", "0"],
    ]
    # Of three: a1 in time, reached at last; a2 two days late; a3 answers only in July.
    assert table(section, "list of 2026-05 was worked")[-1] == [
        "Total",
        "3",
        "66.7%",
        "33.3%",
        "33.3%",
        "33.3%",
    ]


def test_effect_is_that_of_the_newest_month_closed_by_now(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(EFFECT)

    section = effect.section(context(connection))

    assert effect.closed_month(context(connection)) == date(2025, 11, 1)
    assert section.message == (
        "No effect is proven yet: over 3 months the churn of those drawn for contact was 2.00 pp lower than "
        "that of those held out (95 % interval −5.00 pp to +1.00 pp); an effect below 3.00 pp cannot be told "
        "from chance"
    )
    assert table(section, "What could have been seen") == [
        ["Whole list", "3", "3.00 pp", "may be chance"],
        ["Red", "3", "2.00 pp", "fewer leave"],
    ]
    assert any(
        "No outcome of a contact has been reported back" in paragraph for paragraph in section.paragraphs
    )


@pytest.mark.parametrize(
    ("low", "high", "begins"),
    [
        (-0.05, -0.001, "Being drawn for contact keeps customers"),
        (-0.05, 0.0, "No effect is proven yet"),
        (0.001, 0.05, "Those drawn for contact left more often"),
    ],
)
def test_effect_says_no_more_than_its_interval(
    connection: duckdb.DuckDBPyConnection, low: float, high: float, begins: str
) -> None:
    connection.execute(EFFECT)
    connection.execute(
        """
        update publication.retention.retention_effect set pooled_randomised_effect = ?,
            pooled_randomised_effect_low = ?, pooled_randomised_effect_high = ?
        """,
        [(low + high) / 2, low, high],
    )

    assert effect.section(context(connection)).message.startswith(begins)


def test_effect_of_a_young_operator_is_nothing_yet(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(EFFECT)

    assert effect.section(context(connection, date(2026, 4, 1))).message.startswith(
        "Nothing can be said of the effect in 2026-04"
    )


RULES = """
    create table reference.report_recommendations as
        select * from (values
            ('contact_data', 'no_contact_data_count', '>=', {threshold}, 2, true, date '2000-01-01',
                null::date),
            ('capacity', 'beyond_capacity_share', '>=', 0.25, 1, true, date '2000-01-01', date '2026-06-01'),
            ('first_cause', 'first_cause_share', '>=', 0.25, 3, true, date '2026-07-01', null),
            ('unknown_cause', 'unknown_cause_share', '>=', 0.0, 4, false, date '2000-01-01', null)
        ) rows (recommendation_id, measure, operator, threshold, sort_order, enabled, valid_from_month,
            valid_to_month)
"""


@pytest.mark.parametrize(("threshold", "count"), [(1, 2), (2, 1)])
def test_recommendations_follow_rules_in_force_from_their_threshold_on(
    connection: duckdb.DuckDBPyConnection, threshold: int, count: int
) -> None:
    connection.execute(LIST + ";" + RULES.format(threshold=threshold))

    section = recommendations.section(context(connection))

    # A quarter is beyond capacity: met exactly.
    assert section.points[0] == (
        "Add capacity or shorten the list: 1 of 4 lines at risk (25.0%) could not be assigned to anybody."
    )
    assert len(section.points) == count
    assert section.message == f"Steps that the month's figures call for: {count}"


def test_every_recommendation_of_the_rule_book_can_be_measured_and_said() -> None:
    with duckdb.connect() as reading:
        rules = reading.execute(
            f"select recommendation_id, measure, operator from '{REFERENCE / 'report_recommendations.csv'}'"
        ).fetchall()

    for recommendation, measure, comparison in rules:
        assert measure in recommendations._MEASURES
        assert comparison in recommendations._COMPARE
        assert f"report.recommendation.{recommendation}" in TEXTS.entries


def test_changes_name_cause_mover_rules_data_and_stale_months(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        f"""
        {LIST}; {KPI};
        create table reference.churn_rules as
            select * from (values
                ('V1_bill', true, date '2026-06-01', null::date),
                ('V2_minutes', true, date '2000-01-01', date '2026-05-01'),
                ('V3_calls', false, date '2026-06-01', null)
            ) rows (rule_id, enabled, valid_from_month, valid_to_month);
        create table reference.raw_tables as
            select * from (values ('arrears', 'snapshot'), ('bills', 'event'), ('complaints', 'register'),
                ('payments', 'event'), ('plan_changes', 'event'), ('plans', 'static'))
                rows (table_name, kind);
        create table publication.ops.landing_audit as
            select * from (values
                (date '2026-05-01', 'bills', 10, 10, 0),
                (date '2026-05-01', 'arrears', 3, 3, 0),
                (date '2026-05-01', 'complaints', 3, 3, 0),
                (date '2026-05-01', 'payments', 3, 3, 0),
                (date '2026-05-01', 'plan_changes', 3, 0, 3),
                (null, 'plans', 3, 3, 0),
                (date '2026-06-01', 'bills', 20, 15, 5)
            ) rows (landed_month, table_name, rows_read, rows_accepted, rows_quarantined)
        """
    )

    section = changes.section(context(connection, stale=[MAY]))

    # By quality 3 now, 1 before; by price 1 now, 2 before.
    assert section.message == ("Lines at risk rose by 1 to 4; by first cause, network quality rose most (+2)")
    assert section.points == [
        "Rules in force from this month on: churn_rules: V1_bill.",
        "Rules that ended with the month before: churn_rules: V2_minutes.",
        "Data: 5 of 20 rows landed were set aside as unusable (25.0%): bills 5.",
        "Tables of states that landed in earlier months and not in this one: arrears. What rests on them is "
        "unknown.",
        "Registers without news this month: complaints. What was known before holds.",
        "Tables of events that landed in earlier months and not in this one: payments. None is taken to have "
        "happened.",
        "Months whose files were corrected after they were closed, and that wait to be run again: 2026-05.",
    ]
    # Red and yellow: high 2 to 3, mid 4 to 6.
    assert table(section, "What moved most") == [
        ["Red and yellow warnings", "Branch", "B1", "6", "9", "+3"],
        ["", "Brand", "gold", "6", "9", "+3"],
        ["", "Tier", "Mid", "4", "6", "+2"],
    ]


def test_overview_shows_ten_figures_with_month_and_year_before(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute(
        f"""
        {KPI}; {STOPS};
        create table publication.marts.metrics_monthly as
            select date '2026-06-01' as snapshot_month, 'all' as branch_id, 'all' as brand, * from (values
                ('mid_high', 'subscriber_count', 44.0, 0.1, null),
                ('all', 'subscriber_count', 100.0, 0.0, 0.25),
                ('mid_high', 'billed_amount', 5600.0, 0.12, null),
                ('all', 'mid_high_base_share', 0.44, 0.04, -0.001)
            ) rows (value_tier, metric, value, month_on_month, year_on_year)
        """
    )

    section = overview.section(context(connection))

    assert section.message == (
        "The mid- and high-value base rose to 44 lines (+10.0% on the month before); it was billed 5,600 CNY "
        "(+12.0%)"
    )
    rows = table(section, "Ten figures")
    assert len(rows) == 10
    assert rows[0] == ["Lines", "lines", "44", "+10.0%", "–", "100", "0.0%", "+25.0%"]
    assert rows[1][2:] == ["–", "–", "–", "44.0%", "+4.00 pp", "−0.10 pp"]
    assert rows[5] == [
        *("Left voluntarily, known at the month's end", "lines"),
        *("1", "−50.0%", "–"),
        *("1", "−66.7%", "–"),
    ]


def test_model_is_beyond_chance_only_where_intervals_part(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """
        create table publication.ml.model_evaluations as
            select date '2026-06-01' as trained_for_month, 'quantity_churn' as target,
                date '2025-11-01' as test_month, * from (values
                ('model', 4.0::double, 3.0::double, 5.0::double, 3.5, 0.75, 1.0),
                ('scorecard', 2.0::double, 1.0::double, 2.9::double, 1.9, 0.6, null)
            ) rows (contender, top_decile_lift, top_decile_lift_low, top_decile_lift_high, lift_at_capacity,
                auc, observed_over_expected)
        """
    )

    section = model.section(context(connection))
    assert section.message == (
        "The top tenth by the new model holds 4.00 times as many churners as a blind pick, that by the best "
        "rule (scorecard) 2.00 times: better beyond chance"
    )
    assert table(section, "same contenders")[1] == ["Scorecard", "1.90", "0.60", "–"]

    connection.execute("update publication.ml.model_evaluations set top_decile_lift_high = 3.0")
    assert model.section(context(connection)).message.endswith("the difference may be chance")


def test_service_tells_the_commonest_complaint(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """
        create table publication.marts.service_monthly as
            select 'all' as branch_id, * from (values
                (date '2026-05-01', 'complaint', 'all', 20, 18, null),
                (date '2026-06-01', 'complaint', 'all', 30, 25, null),
                (date '2026-06-01', 'complaint', 'network', 18, 15, null),
                (date '2026-06-01', 'complaint', 'billing', 12, 10, null),
                (date '2026-06-01', 'satisfaction_survey', 'all', 8, 8, 7.5)
            ) rows (snapshot_month, kind, category, event_count, subscriber_count, mean_score)
        """
    )

    section = service.section(context(connection))

    assert section.message == "Complaints rose to 30 (+50.0%); the commonest subject is network (60.0%)"
    assert table(section, "Service, campaigns") == [
        ["Complaints", "30", "25", "–", "+50.0%", "–"],
        ["Answers to own surveys (1 to 10)", "8", "8", "7.50", "–", "–"],
    ]


def test_a_report_says_the_same_whatever_is_learnt_later(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    connection.execute(";".join([KPI, MOVES, STOPS, LIST, EFFECT, RULES.format(threshold=1)]))
    before = written(connection, tmp_path)

    connection.execute(
        """
        insert into publication.marts.fct_churn_flags values
            ('2026-06-01', 'S4', true, 'silence', true, '2026-07-01'),
            ('2026-07-01', 'S4', true, 'port_out', true, '2026-07-01');
        insert into publication.retention.fct_retention_contacts values
            ('a2', 2, '2026-07-01', '2026-07-01 10:00', 'call', 'reached_retained', true, true);
        update publication.labels.churn_labels set closed_in_month = '2026-07-01'
            where closed_in_month is null;
        insert into publication.retention.retention_effect
            select date '2025-12-01', * exclude (snapshot_month) from publication.retention.retention_effect;
        insert into publication.marts.kpi_monthly
            select * replace (date '2026-07-01' as snapshot_month) from publication.marts.kpi_monthly
            where snapshot_month = '2026-06-01';
        insert into publication.retention.responsibilities
            select * replace (date '2026-07-01' as snapshot_month, 'c' || assignment_id as assignment_id)
            from publication.retention.responsibilities where snapshot_month = '2026-06-01'
        """
    )

    assert written(connection, tmp_path) == before
    assert written(connection, tmp_path, JULY) != before


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_report_without_tables_says_so_section_by_section(
    connection: duckdb.DuckDBPyConnection, language: str
) -> None:
    for section in (*SECTIONS, *YEAR_SECTIONS):
        told = section(context(connection, language=language))
        beginning = {"en": "Not reported: ", "zh": "未报告："}[language]
        assert told.message.startswith(beginning), told
        assert not told.blocks


def test_a_month_without_rows_says_so(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(";".join([KPI, MOVES, STOPS, LIST]))

    for section in (base, spend, churn):
        assert section.section(context(connection, JULY)).message == "No figures for 2026-07."


def test_the_page_holds_both_languages_and_asks_nothing_of_the_outside(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    connection.execute(";".join([KPI, MOVES, STOPS, LIST, EFFECT, RULES.format(threshold=1)]))
    connection.execute(
        """
        create table publication.marts.dim_org_units as
            select 'B1' as unit_id, '<img src=x onerror=alert(2)>&"$x$' as unit_name
        """
    )

    page = written(connection, tmp_path, language="zh")

    assert '<html lang="zh-Hans">' in page
    assert 'id="show-zh" class="switch" checked>' in page
    assert 'id="show-en" class="switch">' in page
    assert page.count("<section id=") == 2 * len(SECTIONS)
    assert "Retention report 2026-06" in page
    assert "客户挽留月报 2026-06" in page
    # Namespaces are names; nothing else names another place, and nothing runs.
    assert not re.search(r"https?://", page.replace("http://www.w3.org/", ""))
    assert not re.search(
        r"(?i)<(script|link|img|iframe|object|embed|form)\b|\bon\w+=\"|url\((?!#)|@import", page
    )
    assert set(re.findall(r'\b(?:href|src)="(.)', page)) == {"#"}
    assert "&lt;img src=x onerror=alert(2)&gt;" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "@page { size: A4" in page
    assert "break-inside: avoid" in page


def test_december_brings_the_year(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    year = ";".join([KPI, MOVES, STOPS, LIST]).replace("2026-06", "2025-12").replace("2026-05", "2025-11")
    connection.execute(year.replace("2026-03", "2025-09").replace("2026-07", "2026-01"))

    written(connection, tmp_path, date(2025, 11, 1))
    assert not (tmp_path / "report-2025.html").exists()
    written(connection, tmp_path, date(2025, 12, 1))
    page = plain(tmp_path / "report-2025.html")

    assert page.count("<section id=") == 2 * len(YEAR_SECTIONS)
    # In November three of high value as known by now, in December one; September's base has not landed.
    assert "4 mid- and high-value lines left of their own accord in 2025, as known at its end" in page
    assert "Over 2025 the mid- and high-value base rose from 40 lines (2025-11) to 44 (+10.0%)" in page
    assert "the year billed 10,600 CNY" in page
    assert "Monthly billing of mid and high value rose to 3,190 CNY (+10.8% on 2025-11)" in page


def test_charts_of_a_page_have_captions_and_titles(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(";".join([KPI, MOVES, STOPS, LIST, EFFECT]))

    charts = [
        block
        for section in SECTIONS
        for block in section(context(connection)).blocks
        if isinstance(block, Chart)
    ]

    assert len(charts) >= 7
    for chart in charts:
        assert re.search(r"\d{4}-\d{2}", chart.caption), chart.caption
        assert "<title>" in chart.svg


def test_every_text_of_the_report_is_there_and_takes_the_same_values() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py")))
    said = set(re.findall(r'say\(\s*"([a-z_.]+)"', source))

    assert {f"report.{key}" for key in said} <= set(TEXTS.entries)
    for key, entry in TEXTS.entries.items():
        if key.startswith("report."):
            names = [
                {name for _, name, _, _ in Formatter().parse(entry[language]) if name} - {"currency"}
                for language in ("en", "zh")
            ]
            assert names[0] == names[1], key


def test_words_write_numbers_with_their_signs() -> None:
    words = Words(TEXTS, "en", "CNY")

    assert (words.count(-1234.0), words.money(12.5), words.money(1234.5)) == (
        "−1,234",
        "12.50 CNY",
        "1,234 CNY",
    )
    assert (words.rate(0.0079), words.rate(0.38), words.rate(None)) == ("0.79%", "38.0%", "–")
    assert (words.change(0.0004), words.change(-0.2), words.change(0.0)) == ("+0.04%", "−20.0%", "0.0%")
    assert words.reason({"reason_en": "churn-2026-06 is not better: 0.04 (-0.33 to 0.40)"}) == (
        "churn-2026-06 is not better: 0.04 (−0.33 to 0.40)"
    )
    assert [words.inline("stage", stage) for stage in ("visit", "sms")] == ["visit", "SMS"]
    assert (words.change(-0.0022, "rate"), words.difference(-1500.0)) == ("−0.22 pp", "−1,500")
