"""The command line. Every verb reads one YAML or one run directory; overrides are dotted: `learner.lr=1e-4`.

A user's mistake ends with one sentence on stderr and exit code 2, before anything has started.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cluster import config as configuration
from cluster import yaml_text
from cluster.config import Config
from cluster.errors import EXIT_CODE, UserError

INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)

ConfigFile = Annotated[Path, typer.Argument(help="A run's YAML file.", show_default=False)]
Overrides = Annotated[list[str] | None, typer.Argument(help="Dotted overrides: rollout.workers=2", show_default=False)]
Run = Annotated[Path, typer.Argument(help="The folder of a run.", show_default=False)]


@app.command()
def train(
    config: ConfigFile,
    overrides: Overrides = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and print everything, start nothing.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a finished run of the same name.")] = False,
) -> None:
    """Train a policy.  Example: parley train examples/quickstart.yaml run.seed=1"""
    resolved = configuration.load(config, overrides or [])
    if dry_run:
        _describe(resolved)
        return
    from cluster.train import train as run

    run(resolved, overwrite=overwrite)


@app.command()
def sft(config: ConfigFile, overrides: Overrides = None) -> None:
    """Train by imitation only, and print where the models are.  Example: parley sft examples/quickstart.yaml"""
    resolved = configuration.load(config, overrides or [])
    from cluster.console import Console
    from cluster.prepare import prepare
    from cluster.runtime import cluster

    with cluster(resolved), Console() as console:
        models = prepare(resolved, console.progress)
    typer.echo(json.dumps({"agent": str(models.agent), **{name: str(path) for name, path in models.frozen.items()}}, indent=2))


@app.command("eval")
def evaluate(
    config: ConfigFile,
    model: Annotated[Path, typer.Argument(help="A model folder, e.g. a checkpoint's hf/.", show_default=False)],
    overrides: Overrides = None,
) -> None:
    """Evaluate a model on held-out tasks.  Example: parley eval examples/quickstart.yaml RUN/checkpoints/000040/…/hf"""
    resolved = configuration.load(config, [*(overrides or []), f"policies.agent.model={model}"])
    from cluster.evaluate import evaluate as run

    typer.echo(json.dumps(run(resolved), indent=2))


@app.command()
def tiny(config: ConfigFile, overrides: Overrides = None) -> None:
    """Make the tiny models a run names, untrained.  Example: parley tiny examples/quickstart.yaml"""
    resolved = configuration.load(config, overrides or [])
    from actors.config import TinyModel
    from cluster.models import model_path
    from cluster.parts import user_speakers

    models = {"agent": resolved.policies["agent"].model, **{n: s.model for n, s in user_speakers(resolved).items()}}
    for name, model in models.items():
        if isinstance(model, TinyModel):
            typer.echo(f"{name}: {model_path(model, resolved)}")


@app.command()
def report(
    runs: Annotated[list[Path], typer.Argument(help="The folders of one or more runs.", show_default=False)],
    recompute: Annotated[bool, typer.Option("--recompute", help="Compute the summaries anew and compare.")] = False,
) -> None:
    """Draw a run's curves and print its summary; of several runs, e.g. seeds, the mean and the worst.

    Example: parley report runs/quickstart-0 runs/quickstart-1 --recompute
    """
    from cluster import plots, summary
    from cluster.console import Console
    from cluster.run_directory import RunDirectory

    summaries = [RunDirectory.at(run).read_summary() for run in runs]
    for run in runs if recompute else []:
        if differing := summary.check(run):
            raise UserError(f"summary.json of {run} differs from its trajectories in: {', '.join(differing)}.")
    console = Console()
    if len(summaries) == 1:
        console.summary(summaries[0])
    else:
        console.runs(summary.over_runs(summaries))
    for run in runs:
        typer.echo(plots.draw(run))


@app.command()
def export(
    run: Run,
    out: Annotated[Path, typer.Argument(help="The folder to make.", show_default=False)],
) -> None:
    """Copy a run's newest trained model, in Hugging Face format.  Example: parley export runs/quickstart my-agent"""
    from cluster.export import export as copy

    typer.echo(copy(run, out))


def _describe(config: Config) -> None:
    from cluster import preflight
    from cluster.runtime import resources

    sizes: dict[str, Any] = configuration.derived(config)
    typer.echo(configuration.resolved(config))
    typer.echo("# derived\n" + "".join(f"# {line}\n" for line in yaml_text.dump(sizes).splitlines()), nl=False)
    available = resources()
    preflight.check(config, available)
    typer.echo(f"# fits what is there: {available}")


def main() -> None:
    """Run the command line; typer itself ends with 2 on a wrong command or option."""
    try:
        app()
    except UserError as error:
        typer.echo(f"parley: {error}", err=True)
        sys.exit(EXIT_CODE)
    except KeyboardInterrupt:
        typer.echo("parley: interrupted", err=True)
        sys.exit(INTERRUPTED)
