"""`parley eval`, as the command line has it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cluster import config as configuration
from cluster.errors import UserError

ConfigFile = Annotated[Path, typer.Argument(help="A run's YAML file.", show_default=False)]
Who = Annotated[
    str,
    typer.Argument(
        help="The folder of a model, a checkpoint or a run; endpoint (eval.agent); or scripted:NAME, e.g. scripted:oracle; "
        "with --usersim a rule user: oracle, always_yes, always_no, always_ask, random or over_compliant.",
        show_default=False,
    ),
]
Overrides = Annotated[list[str] | None, typer.Argument(help="Dotted overrides: eval.tasks=50", show_default=False)]


def evaluate(
    config: ConfigFile,
    who: Who,
    overrides: Overrides = None,
    also: Annotated[list[str] | None, typer.Option(help="A further agent: another row of the transfer matrix.")] = None,
    user: Annotated[str | None, typer.Option(help="Who plays the user: scripted or adversarial:KIND.  [the run's]")] = None,
    out: Annotated[Path | None, typer.Option(help="The folder to make.  [under the root of runs]")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Play only what is missing or has failed.")] = False,
    report: Annotated[Literal["userrl"] | None, typer.Option(help="userrl: also the numbers that UserRL publishes.")] = None,
    usersim: Annotated[
        Literal["dev", "test"] | None, typer.Option(help="Measure users instead, in whole calls of this split.")
    ] = None,
) -> None:
    """Measure an agent on held-out tasks: scores with intervals, reliability, every user of eval.users. With --usersim
    measure a simulated user, in whole calls by honest, pushy, manipulating and weak agents.

    Example: parley eval examples/quickstart.yaml runs/quickstart eval.repeats=4 --out my-evaluation

    Example: parley eval examples/usersim.yaml oracle --also random --usersim test eval.repeats=2
    """
    if usersim is not None:
        _refuse_with_usersim(user=user, report=report)
        from cluster.calls.command import calls

        calls(config, overrides or [], [who, *(also or [])], usersim, out=out, resume=resume)
        return
    resolved = configuration.load(config, [*(overrides or []), *([f"eval.user={user}"] if user else [])])
    from cluster.evaluation.evaluate import evaluate as run
    from cluster.evaluation.grid import show
    from cluster.evaluation.tables import overview

    outcome = run(resolved, [who, *(also or [])], out=out, resume=resume, report=report)
    show(overview(outcome))
    typer.echo(outcome.folder / "evaluation.html")


def _refuse_with_usersim(**options: str | None) -> None:
    for name, value in options.items():
        if value is not None:
            raise UserError(f"--{name} is {value!r}: it is of agents and does not go with --usersim; leave one of them out.")
