"""A `Comparison` for a terminal, as JSON and as a page with the curves of all runs on the same axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from cluster.config import yaml_text
from cluster.errors import UserError
from cluster.record.run_directory import RunDirectory
from cluster.report.compare import MEASURES, Comparison, Difference
from cluster.report.document import estimate, render
from cluster.report.page import measured, numbered, run_curves
from cluster.report.series import Curves, Panel, Series
from cluster.terminal.json_text import dumps
from cluster.terminal.safe_text import styled_line

SURE = {True: "bold green", False: "bold red", None: ""}
"""Styles of a difference by `Difference.better`."""
ABSENT = "–"


def json_text(comparison: Comparison) -> str:
    """Everything, on one line."""
    return dumps(asdict(comparison))


def show(comparison: Comparison) -> None:
    """Print the tables."""
    console = Console(markup=False, highlight=False, emoji=False)
    for table in tables(comparison):
        console.print(table)
    for sentence in sentences(comparison):
        console.print(styled_line(sentence))


def write(comparison: Comparison, runs: Sequence[Path], path: Path) -> None:
    """Write the page."""
    if not path.absolute().parent.is_dir():
        raise UserError(f"--html is {path}: there is no folder {path.absolute().parent}.")
    path.write_text(page(comparison, runs), encoding="utf-8")


def tables(comparison: Comparison) -> Iterator[RenderableType]:
    """A table for every run but the first, then one of the keys that differ, each under its title."""
    first = comparison.runs[0]
    for run in comparison.runs[1:]:
        yield styled_line(f"{run} against {first}", "bold")
        yield _differences(first, run, [row for row in comparison.differences if row.run == run])
    if comparison.config:
        yield Text("configuration, where it differs", "bold")
        table = _table(("key", *comparison.runs))
        for key, values in comparison.config.items():
            table.add_row(styled_line(key), *(styled_line(values.get(name, ABSENT)) for name in comparison.runs))
        yield table


def sentences(comparison: Comparison) -> Iterator[str]:
    """How the tasks were paired, where it is not all of them with the same seeds; evaluations paired alike share one."""
    alike: dict[tuple[str, str], list[str]] = {}
    for row in comparison.differences:
        if row.gym or row.measure != MEASURES[0]:
            continue
        if row.unpaired_first or row.unpaired:
            left = f"{row.unpaired_first} tasks of {comparison.runs[0]} and {row.unpaired} of {row.run} are unpaired"
            alike.setdefault((row.run, f"{left} and left out"), []).append(row.phase)
        if other := row.difference["n"] - row.same_seeds:
            played = f"{other} of {row.difference['n']} tasks were played with other seeds"
            alike.setdefault((row.run, played), []).append(row.phase)
    for (run, what), phases in alike.items():
        yield f"{run}: {what} ({', '.join(phases)})."


def page(comparison: Comparison, runs: Sequence[Path]) -> str:
    """The comparison as HTML; the curves of one metric of all runs share a panel."""
    panels = _overlaid(comparison.runs, _curves(runs))
    return render(
        "compare.html",
        panels=[asdict(panel) for panel in panels],
        marks=[],
        comparison=comparison,
        several_gyms=any(row.gym for row in comparison.differences),
        sentences=list(sentences(comparison)),
        panels_shown=numbered(panels),
    )


def _differences(first: str, run: str, rows: Sequence[Difference]) -> Table:
    gyms = any(row.gym for row in rows)
    about = ("evaluation", "gym", "measure") if gyms else ("evaluation", "measure")
    table = _table((*about, first, run, "difference [95 %]", "tasks"))
    above = None
    for row in rows:
        table.add_row(
            styled_line("" if row.phase == above else row.phase),
            *((styled_line(row.gym or "all"),) if gyms else ()),
            row.measure,
            f"{row.first:.3f}",
            f"{row.mean:.3f}",
            Text(estimate(row.difference, signed=True), SURE[row.better]),
            str(row.difference["n"]),
        )
        above = row.phase
    return table


def _table(columns: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(styled_line(column), overflow="fold")
    return table


def _curves(runs: Sequence[Path]) -> list[Curves]:
    directories = [RunDirectory.at(run) for run in runs]
    configs = [yaml_text.read(directory.config) for directory in directories]
    return [run_curves(measured(directory), configs) for directory in directories]


def _overlaid(names: Sequence[str], runs: Sequence[Curves]) -> list[Panel]:
    """A panel per metric, the series named after the runs."""
    found: dict[tuple[str, str], list[tuple[Panel, Series]]] = {}
    for name, curves in zip(names, runs, strict=True):
        for panel in [*curves.main, *curves.rest]:
            for line in panel.series:
                own = Series(name, line.x, line.y)
                found.setdefault((panel.title, line.label), []).append((panel, own))
    return [_panel(title, label, lines) for (title, label), lines in found.items()]


def _panel(title: str, label: str, lines: Sequence[tuple[Panel, Series]]) -> Panel:
    shown: Mapping[str, Any] = {"title": title if "/" in title else f"{title}: {label}", "unit": lines[0][0].unit}
    return Panel(**shown, series=[line for _, line in lines], log=all(panel.log for panel, _ in lines))
