"""Each meaning of a table that Python makes stands once, and the dbt project repeats it faithfully."""

from tests.architecture import python_sources


def test_sources_of_python_are_as_python_declares_them() -> None:
    assert python_sources.FILE.read_text(encoding="utf-8") == python_sources.described(), (
        "orchestration/tables.py has changed: run `python -m tests.architecture.python_sources`"
    )
