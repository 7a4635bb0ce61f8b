"""The files an evaluation leaves for people and programs: `evaluation.json`, `evaluation.md`, `evaluation.html`.

Names of models, gyms and users may be anything: the Markdown spells out what would be a table or markup of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import pyarrow as pa

from cluster.evaluation.charts import panels
from cluster.evaluation.outcome import Outcome
from cluster.evaluation.store import Store
from cluster.evaluation.tables import Table, tables
from cluster.evaluation.talks import chapters
from cluster.report.document import render
from cluster.report.markdown_text import plain
from cluster.report.page import numbered


def write(outcome: Outcome, episodes: pa.Table, store: Store) -> None:
    """Write all of them."""
    store.write("evaluation.json", json.dumps(outcome.as_json(), indent=2) + "\n")
    store.write("evaluation.md", "\n".join(markdown(outcome)))
    store.write("evaluation.html", page(outcome, episodes))


def markdown(outcome: Outcome) -> Iterator[str]:
    """Lines."""
    yield f"# {plain(outcome.name)}: {plain(', '.join(outcome.agents))}"
    yield ""
    yield ", ".join(f"{name} {plain(value)}" for name, value in facts(outcome)) + "."
    for warning in outcome.warnings:
        yield f"\n**Warning:** {plain(warning)}"
    for table in tables(outcome):
        yield from ("", f"## {plain(table.title)}", "", plain(table.note), "")
        yield from table_lines(table)
    yield ""


def facts(outcome: Outcome) -> list[tuple[str, str]]:
    """(what, how much) of the evaluation as a whole."""
    reasons = ", ".join(f"{count} {status}" for status, count in outcome.reasons.items())
    return [
        ("judge", outcome.judge),
        ("seed", str(outcome.seed)),
        ("episodes per task", str(outcome.repeats)),
        ("failed episodes", f"{outcome.masked}{f' ({reasons})' if reasons else ''}"),
    ]


def page(outcome: Outcome, episodes: pa.Table) -> str:
    """The page."""
    drawn = panels(outcome)
    return render(
        "evaluation.html",
        panels=[asdict(panel) for panel in drawn],
        marks=[],
        outcome=outcome,
        facts=facts(outcome),
        tables=list(tables(outcome)),
        panels_shown=numbered(drawn),
        chapters=chapters(episodes),
    )


def table_lines(table: Table) -> Iterator[str]:
    """A table in Markdown; its cells may be anything."""
    yield _line(table.headings)
    yield _line(["---" if place < table.words else "---:" for place in range(len(table.headings))], marks=True)
    yield from map(_line, table.rows)


def _line(cells: Sequence[str], *, marks: bool = False) -> str:
    return f"| {' | '.join(cell if marks else plain(cell) for cell in cells)} |"
