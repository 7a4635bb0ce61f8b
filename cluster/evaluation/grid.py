"""A table of an evaluation in a terminal. Names of models and users may be anything: they are shown as they may be."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table as Grid

from cluster.evaluation.tables import Table
from cluster.terminal.safe_text import styled_line

IN_A_FILE = 140
"""Characters of a line where nobody's terminal sets a limit."""


def show(table: Table) -> None:
    """Print it."""
    grid = Grid(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in table.headings:
        grid.add_column(styled_line(heading), overflow="fold")
    for row in table.rows:
        grid.add_row(*map(styled_line, row))
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = IN_A_FILE
    console.print(grid)
