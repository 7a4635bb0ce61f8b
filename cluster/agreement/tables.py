"""A study as tables of text: one source for the terminal and the Markdown. Names in it may be anything and are spelled out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan

from rich.console import Console
from rich.table import Table as Grid

from cluster.agreement.study import Study
from cluster.evaluation.tables import Table
from cluster.report.markdown_text import plain
from cluster.terminal.safe_text import styled_line
from rewards.agreement import Interval

IN_A_FILE = 160
"""Characters of a line where nobody's terminal sets a limit."""


def tables(study: Study) -> Iterator[Table]:
    """People, judges, slopes, gates."""
    kappa = "quadratic kappa [95 %]"
    yield Table(
        "Humans",
        "How far people agree among themselves: the ceiling for a judge.",
        ("dimension", "items", "raters", "alpha ordinal", "alpha nominal", kappa, "exact"),
        [
            (
                h.dimension,
                str(h.items),
                str(h.raters),
                number(h.alpha_ordinal),
                number(h.alpha_nominal),
                interval(h.kappa),
                number(h.exact),
            )
            for h in study.humans
        ],
    )
    yield Table(
        "Judges",
        "One rating of the judge with one of a human. Only a judge that passes may be a reward in that dimension.",
        ("dimension", "judge", "items", kappa, "exact", "verdict"),
        [(j.dimension, j.judge, str(j.items), interval(j.kappa), number(j.exact), j.verdict) for j in study.judges],
    )
    yield Table(
        "Bias",
        "Slope of judge minus mean human, in points of the scale, the other covariates held.",
        ("dimension", "judge", "along", "slope [95 %]"),
        [
            (j.dimension, j.judge, name, interval(slope))
            for j in study.judges
            for name, slope in [*j.slopes.items(), *([] if j.slopes else [(f"none: {j.no_slopes}", None)])]
        ],
    )
    yield Table(
        "Gates",
        "All have to be passed.",
        ("dimension", "judge", "gate", "", "reason"),
        [(j.dimension, j.judge, g.name, "pass" if g.passed else "fail", g.reason) for j in study.judges for g in j.gates],
    )


def number(value: float) -> str:
    """Three decimals; a dash where there is none."""
    return "–" if isnan(value) else f"{value:.3f}"


def interval(estimate: Interval | None) -> str:
    """A value and its interval."""
    if estimate is None or isnan(estimate.value):
        return "–"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def markdown(title: str, shown: Sequence[Table]) -> str:
    """All tables that have a row."""
    lines = [f"# {plain(title)}"]
    for table in shown:
        if table.rows:
            lines += ["", f"## {plain(table.title)}", "", plain(table.note), ""]
            lines += [_line(table.headings), "|" + " --- |" * len(table.headings), *map(_line, table.rows)]
    return "\n".join(lines) + "\n"


def show(shown: Sequence[Table]) -> None:
    """The same in the terminal."""
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = IN_A_FILE
    for table in shown:
        if table.rows:
            grid = Grid(
                title=table.title, title_justify="left", box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim"
            )
            for heading in table.headings:
                grid.add_column(styled_line(heading), overflow="fold")
            for row in table.rows:
                grid.add_row(*map(styled_line, row))
            console.print(grid, "")


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(plain, cells)) + " |"
