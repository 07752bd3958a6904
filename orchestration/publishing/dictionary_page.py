"""The data dictionary as one page to search and print: `dictionary.html`.

Belongs here: how the page looks. Not here: what it says (`dictionary`), titles of tables (`texts.csv`).
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby

from orchestration.publishing.dictionary import Entry
from orchestration.worklists.texts import LANGUAGES, Texts

_STYLE = """
:root { --ink: #1c2430; --soft: #5b6675; --line: #d9dee5; --back: #f5f7fa; --accent: #0b5cad; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff;
  font: 14px/1.5 system-ui, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }
header { position: sticky; top: 0; z-index: 2; display: flex; gap: 1.5rem; align-items: center;
  padding: .6rem 1.5rem; background: #fff; border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 1.15rem; white-space: nowrap; }
input { flex: 1; max-width: 34rem; padding: .45rem .7rem; font: inherit; border: 1px solid var(--line);
  border-radius: 4px; }
input:focus { outline: 2px solid var(--accent); outline-offset: -1px; }
#count { color: var(--soft); white-space: nowrap; }
.page { display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
nav { position: sticky; top: 3.4rem; align-self: start; height: calc(100vh - 3.4rem); overflow-y: auto;
  padding: .8rem .5rem 2rem 1.5rem; border-right: 1px solid var(--line); font-size: .86rem; }
nav h2 { margin: .9rem 0 .2rem; font-size: .78rem; letter-spacing: .04em; color: var(--soft); }
nav a { display: block; padding: .12rem .3rem; color: inherit; text-decoration: none; border-radius: 3px; }
nav a:hover { background: var(--back); color: var(--accent); }
main { padding: .5rem 1.5rem 4rem; }
section { padding-top: 1rem; scroll-margin-top: 3.2rem; }
section h2 { margin: 0; font-size: 1.05rem; }
section h2 code { color: var(--accent); }
section h2 span { margin-left: .6rem; font-weight: 500; color: var(--soft); }
html[lang=en] [lang=zh], html[lang=zh] [lang=en] { display: none; }
button { padding: .2rem .6rem; font: inherit; color: var(--soft); background: none;
  border: 1px solid var(--line); border-radius: 4px; cursor: pointer; }
button[aria-pressed=true] { color: #fff; background: var(--accent); border-color: var(--accent); }
#languages { margin-left: auto; white-space: nowrap; }
.grain { margin: .2rem 0 .1rem; max-width: 62rem; }
.behind { margin: .1rem 0 .5rem; color: var(--soft); font-size: .86rem; max-width: 62rem; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th, td { padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-size: .78rem; font-weight: 600; color: var(--soft); }
th:nth-child(1) { width: 21%; } th:nth-child(2) { width: 11%; } th:nth-child(4) { width: 24%; }
code { font: .92em ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace; }
td:nth-child(2), td:nth-child(4) { color: var(--soft); font-size: .86rem; }
nav div:not(:has(a:not([hidden]))) { display: none; }
[hidden] { display: none !important; }
@media (max-width: 60rem) { .page { display: block; } nav { display: none; } }
@media print {
  header { position: static; } nav, input, #count, #languages { display: none; } .page { display: block; }
  body { font-size: 9pt; } main { padding: 0; } tr { break-inside: avoid; } h2 { break-after: avoid; }
  thead { display: table-header-group; }
  @page { size: A4 landscape; margin: 12mm; }
}
"""

_SCRIPT = """
const field = document.querySelector("input"), count = document.querySelector("#count");
const rows = [...document.querySelectorAll("tbody tr")];
rows.forEach(row => row.words = (row.closest("section").dataset.words + " " + row.textContent).toLowerCase());
function search() {
  const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  rows.forEach(row => { row.hidden = !words.every(word => row.words.includes(word)); shown += !row.hidden; });
  document.querySelectorAll("section").forEach(part => {
    part.hidden = !part.querySelector("tbody tr:not([hidden])");
    document.querySelector(`nav a[href="#${part.id}"]`).hidden = part.hidden;
  });
  count.textContent = shown + " / " + rows.length;
  history.replaceState(null, "", field.value ? "?q=" + encodeURIComponent(field.value) : location.pathname);
}
function speak(language) {
  document.documentElement.lang = language;
  document.querySelectorAll("button").forEach(button =>
    button.setAttribute("aria-pressed", button.dataset.language === language));
}
document.querySelectorAll("button").forEach(button =>
  button.addEventListener("click", () => speak(button.dataset.language)));
speak(navigator.language.startsWith("zh") ? "zh" : "en");
field.addEventListener("input", search);
field.value = new URLSearchParams(location.search).get("q") || "";
search();
"""


def dictionary_page(entries: Iterable[Entry], texts: Texts) -> str:
    """Return the page over the dictionary's rows, which come table by table; one language shows at a time."""
    tables = {
        name: list(rows)
        for name, rows in groupby(entries, key=lambda row: f"{row.schema_name}.{row.table_name}")
    }
    title, search = (
        escape(" ".join(texts.text(f"dictionary.{key}", language) for language in LANGUAGES))
        for key in ("title", "search")
    )
    buttons = " ".join(
        f'<button data-language="{language}">{escape(texts.text("dictionary.language", language))}</button>'
        for language in LANGUAGES
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<header>
<h1>{_said(texts, "title")}</h1>
<input type="search" placeholder="{search}" aria-label="{search}">
<span id="count"></span>
<span id="languages">{buttons}</span>
</header>
<div class="page">
<nav>{_contents(tables)}</nav>
<main>{"".join(_section(name, rows, texts) for name, rows in tables.items())}</main>
</div>
<script>{_SCRIPT}</script>
</body>
</html>
"""


def in_languages(english: str, chinese: str) -> str:
    """Return a text of which the page shows the one or the other, as HTML.

    >>> in_languages("a < b", "甲")
    '<span lang="en">a &lt; b</span><span lang="zh">甲</span>'
    >>> in_languages("auc", "auc")
    'auc'
    """
    if english == chinese:
        return escape(english)
    return f'<span lang="en">{escape(english)}</span><span lang="zh">{escape(chinese)}</span>'


def _said(texts: Texts, key: str) -> str:
    return in_languages(*(texts.text(f"dictionary.{key}", language) for language in LANGUAGES))


def _contents(tables: Mapping[str, Sequence[Entry]]) -> str:
    parts = []
    for schema_name, names in groupby(tables, key=lambda name: name.partition(".")[0]):
        links = "".join(f'<a href="#{escape(name)}">{escape(name.partition(".")[2])}</a>' for name in names)
        parts.append(f"<div><h2>{escape(schema_name)}</h2>{links}</div>")
    return "".join(parts)


def _section(name: str, rows: Sequence[Entry], texts: Texts) -> str:
    """Return one table: what holds of all its columns is said once, above them."""
    title = [texts.text(f"table.{name}", language) for language in LANGUAGES]
    tests = [list(zip(row.tests.split("; "), row.tests_zh.split("；"), strict=True)) for row in rows]
    common = [test for test in tests[0] if all(test in each for each in tests)]
    raw_tables = {row.raw_tables for row in rows}
    same = rows[0].raw_tables if len(raw_tables) == 1 else ""
    head = "".join(f"<th>{_said(texts, column)}</th>" for column in ("column", "type", "meaning", "own"))
    body = "".join(
        f"<tr><td><code>{escape(row.column_name)}</code></td><td>{escape(row.data_type.lower())}</td>"
        f"<td>{in_languages(row.meaning, row.meaning_zh)}</td>"
        f"<td>{_own(row, [test for test in own if test not in common], same, texts)}</td></tr>"
        for row, own in zip(rows, tests, strict=True)
    )
    behind = [
        f"{_said(texts, 'made_from')}: {escape(rows[0].made_from)}",
        f"{_said(texts, 'raw_tables')}: {escape(same)}" if same else "",
        f"{_said(texts, 'tests')}: {_told(common)}" if common else "",
    ]
    return (
        f'<section id="{escape(name)}" data-words="{escape(" ".join([name, *title]))}">'
        f"<h2><code>{escape(name)}</code>{in_languages(*title)}</h2>"
        f'<p class="grain">{in_languages(rows[0].grain, rows[0].grain_zh)}</p>'
        f'<p class="behind">{"<br>".join(filter(None, behind))}</p>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></section>"
    )


def _own(row: Entry, tests: Sequence[tuple[str, str]], same: str, texts: Texts) -> str:
    """Return what is held of one column alone, and the raw tables behind it if they are not those of all."""
    parts = [_told(tests)] if tests else []
    if row.raw_tables != same:
        parts.append(f"{_said(texts, 'raw_tables')}: {escape(row.raw_tables)}")
    return "<br>".join(parts)


def _told(tests: Sequence[tuple[str, str]]) -> str:
    return in_languages("; ".join(test for test, _ in tests), "；".join(test for _, test in tests))
