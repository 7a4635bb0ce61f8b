"""`parley curves`: finished runs of several seeds, in one figure and as tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def curves(
    runs: Annotated[list[Path], typer.Argument(help="The folders of finished runs.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The figure to write: .svg, .png or .pdf.")] = Path("curves.svg"),
) -> None:
    """Draw the scores of several runs over their iterations, a panel per gym, and print Markdown tables of both ends.

    Example: parley curves runs/quickstart-0 runs/quickstart-1 runs/quickstart-2 --out curves.svg
    """
    from cluster.report.curves import draw
    from cluster.report.seeds import tables

    draw(runs, out)
    typer.echo(tables(runs))
