"""`parley eval`, as the command line has it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table as Grid

from cluster import config as configuration
from cluster.terminal.safe_text import styled_line

ConfigFile = Annotated[Path, typer.Argument(help="A run's YAML file.", show_default=False)]
Who = Annotated[
    str,
    typer.Argument(
        help="The folder of a model, a checkpoint or a run; endpoint (eval.agent); or scripted:NAME, e.g. scripted:oracle.",
        show_default=False,
    ),
]
IN_A_FILE = 140
"""Characters of a line where nobody's terminal sets a limit."""
Overrides = Annotated[list[str] | None, typer.Argument(help="Dotted overrides: eval.tasks=50", show_default=False)]


def evaluate(
    config: ConfigFile,
    who: Who,
    overrides: Overrides = None,
    also: Annotated[list[str] | None, typer.Option(help="A further agent: another row of the transfer matrix.")] = None,
    out: Annotated[Path | None, typer.Option(help="The folder to make.  [under the root of runs]")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Play only what is missing or has failed.")] = False,
    report: Annotated[Literal["userrl"] | None, typer.Option(help="userrl: also the numbers that UserRL publishes.")] = None,
) -> None:
    """Measure an agent on held-out tasks: scores with intervals, reliability, every user of eval.users.

    Example: parley eval examples/quickstart.yaml runs/quickstart eval.repeats=4 --out my-evaluation
    """
    resolved = configuration.load(config, overrides or [])
    from cluster.evaluation.evaluate import evaluate as run
    from cluster.evaluation.tables import overview

    outcome = run(resolved, [who, *(also or [])], out=out, resume=resume, report=report)
    table = overview(outcome)
    grid = Grid(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in table.headings:
        grid.add_column(styled_line(heading), overflow="fold")
    for row in table.rows:
        grid.add_row(*map(styled_line, row))
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = IN_A_FILE
    console.print(grid)
    typer.echo(outcome.folder / "evaluation.html")
