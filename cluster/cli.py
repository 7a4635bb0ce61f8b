"""The command line. Every verb reads one YAML or one run directory; overrides are dotted: `learner.lr=1e-4`.

A user's mistake ends with one sentence on stderr and exit code 2, before anything has started.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cluster import config as configuration
from cluster.agreement.command import agreement
from cluster.config import Config, yaml_text
from cluster.data.command import data_app
from cluster.errors import EXIT_CODE, RunFailed, UserError
from cluster.evaluation.command import evaluate
from cluster.jobs.interruption import Interrupted
from cluster.jobs.job_server import ADDRESS, DEFAULT_ADDRESS
from cluster.play.command import play
from cluster.profiles.command import profiles_app
from cluster.report.curves_command import curves
from cluster.teach.command import teach
from cluster.traps.command import traps

FAILED = 1
"""A run broke off; the sentence names component and cause."""
INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command()(curves)
app.command()(agreement)
app.add_typer(data_app(), name="data")
app.add_typer(profiles_app(), name="profiles")

app.command("eval")(evaluate)
ConfigFile = Annotated[Path, typer.Argument(help="A run's YAML file.", show_default=False)]
Overrides = Annotated[list[str] | None, typer.Argument(help="Dotted overrides: rollout.workers=2", show_default=False)]
Run = Annotated[Path, typer.Argument(help="The folder of a run.", show_default=False)]


@app.command()
def train(
    config: ConfigFile,
    overrides: Overrides = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and print everything, start nothing.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a finished run of the same name.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run of this name, if there is one.")] = False,
    nodes: Annotated[
        Path | None, typer.Option(help="With --dry-run: a file that describes the cluster to check against.")
    ] = None,
) -> None:
    """Train a policy.  Example: parley train examples/quickstart.yaml run.seed=1"""
    if overwrite and resume:
        raise UserError("--overwrite and --resume exclude each other: begin anew, or go on.")
    if nodes is not None and not dry_run:
        raise UserError("--nodes describes a cluster that is not at hand: it goes with --dry-run.")
    resolved = configuration.load(config, overrides or [], elsewhere=nodes is not None)
    if dry_run:
        _describe(resolved, nodes)
        return
    from cluster.train import train as run

    run(resolved, overwrite=overwrite, resume=resume)


@app.command()
def submit(
    config: ConfigFile,
    overrides: Overrides = None,
    address: Annotated[str, typer.Option(help="Dashboard of the cluster.", envvar=ADDRESS)] = DEFAULT_ADDRESS,
    working_dir: Annotated[Path | None, typer.Option(help="What to upload.  [this repository]", show_default=False)] = None,
    name: Annotated[str | None, typer.Option("--submission-id", "--name", help="Of the job.  [Ray makes one up]")] = None,
    env: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for the job, or KEY to pass on its value here.")] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the job to its end.")] = True,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run of this name, if there is one.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a finished run of the same name.")] = False,
) -> None:
    """Train as a job on a Ray cluster, follow its log and exit as it does.

    Example: parley submit examples/quickstart.yaml run.root=/shared/runs --address http://127.0.0.1:8265
    """
    if overwrite and resume:
        raise UserError("--overwrite and --resume exclude each other: begin anew, or go on.")
    from cluster.jobs.submit import submit as run

    flags = ["--resume"] * resume + ["--overwrite"] * overwrite
    raise typer.Exit(
        run(
            config,
            overrides or [],
            address=address,
            working_dir=working_dir,
            name=name,
            env=env or [],
            flags=flags,
            wait=wait,
        )
    )


@app.command()
def sft(
    config: ConfigFile,
    overrides: Overrides = None,
    role: Annotated[Literal["agent", "user"] | None, typer.Option(help="Whose imitation alone.  [both]")] = None,
    out: Annotated[Path | None, typer.Option(help="The folder to make; with --role.  [under the root of runs]")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what was not finished.")] = False,
) -> None:
    """Train by imitation only, and print where the models are.

    Example: parley sft examples/quickstart.yaml --role agent --out my-agent
    """
    if out is not None and role is None:
        raise UserError("--out is given without --role: one folder cannot hold two models; add --role agent or --role user.")
    resolved = configuration.load(config, overrides or [])
    from cluster.imitation import sources
    from cluster.jobs.interruption import Interruption, heeding
    from cluster.jobs.runtime import cluster
    from cluster.start.prepare import prepare, prepare_role
    from cluster.terminal.console import Console

    sources.check_files(resolved)
    with cluster(resolved), Console() as console, Interruption() as interruption:
        progress = heeding(console.progress, interruption.check)
        if role is not None:
            made = {str(role): prepare_role(resolved, role, out, progress, go_on=resume)}
        else:
            models = prepare(resolved, progress, go_on=resume)
            assert models.acting is not None  # a run has one
            made = {resolved.acting: models.acting, **models.frozen}
    typer.echo(json.dumps({name: str(path) for name, path in made.items()}, indent=2))


app.command()(teach)
app.command()(play)
app.command()(traps)


@app.command()
def tiny(config: ConfigFile, overrides: Overrides = None) -> None:
    """Make the tiny models a run names, untrained.  Example: parley tiny examples/quickstart.yaml"""
    resolved = configuration.load(config, overrides or [])
    from actors.config import TinyModel
    from cluster.start.models import model_path
    from cluster.start.parts import partner_speakers

    acting = resolved.policies[resolved.acting].model
    models = {str(resolved.acting): acting, **{n: s.model for n, s in partner_speakers(resolved).items()}}
    models |= {f"judge {name}": judge.model for name, judge in resolved.judges.items()}
    for name, model in models.items():
        if isinstance(model, TinyModel):
            typer.echo(f"{name}: {model_path(model, resolved)}")


@app.command()
def report(
    runs: Annotated[list[Path], typer.Argument(help="The folders of one or more runs.", show_default=False)],
    recompute: Annotated[bool, typer.Option("--recompute", help="Compute the summaries anew and compare.")] = False,
) -> None:
    """Make report.html and report.png and print the summary; of several runs, e.g. seeds, the mean and the worst.

    Example: parley report runs/quickstart-0 runs/quickstart-1 --recompute
    """
    from cluster.record import summary
    from cluster.record.run_directory import RunDirectory
    from cluster.report import page, plots
    from cluster.terminal.console import Console

    directories = [RunDirectory.at(run) for run in runs]
    finished = [directory for directory in directories if directory.summary.exists() or recompute or len(runs) > 1]
    summaries = [directory.read_summary() for directory in finished]
    for run in runs if recompute else []:
        if differing := summary.check(run):
            raise UserError(f"summary.json of {run} differs from its trajectories in: {', '.join(differing)}.")
    console = Console()
    if len(runs) > 1:
        console.runs(summary.over_runs(summaries))
    elif summaries:
        console.summary(summaries[0])
    else:
        typer.echo(f"{runs[0]} has not finished: no summary yet.", err=True)
    for run in runs:
        typer.echo(plots.draw(run))
        typer.echo(page.write(run))


@app.command("compare")
def compare_runs(
    runs: Annotated[list[Path], typer.Argument(help="The folders of two or more runs.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Everything as JSON.")] = False,
    html: Annotated[Path | None, typer.Option(help="Also write a page, with the curves.", show_default=False)] = None,
) -> None:
    """Compare runs with the first one on the held-out tasks they share, task by task.

    Example: parley compare runs/quickstart-0 runs/quickstart-1 --html compare.html
    """
    from cluster.report import compare_view
    from cluster.report.compare import compare

    comparison = compare(runs)
    if html is not None:
        compare_view.write(comparison, runs, html)
    if as_json:
        typer.echo(compare_view.json_text(comparison))
        return
    compare_view.show(comparison)


@app.command()
def export(
    run: Run,
    out: Annotated[Path, typer.Argument(help="The folder to make.", show_default=False)],
) -> None:
    """Copy a run's newest trained model, in Hugging Face format.  Example: parley export runs/quickstart my-agent"""
    from cluster.record.export import export as copy

    typer.echo(copy(run, out))


@app.command("status")
def show_status(
    run: Run,
    watch: Annotated[bool, typer.Option("--watch", help="Stay until the run has ended.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The whole status as JSON.")] = False,
) -> None:
    """What a run is doing right now.  Example: parley status runs/quickstart --watch"""
    from cluster.terminal import watch as watching

    if watch and as_json:
        raise UserError("--watch and --json exclude each other: give one.")
    if watch:
        watching.watch(run)
    else:
        watching.look(run, as_json=as_json)


@app.command()
def show(
    run: Run,
    phase: Annotated[str | None, typer.Option(help="train, heldout-after, …  [train]")] = None,
    iteration: Annotated[int | None, typer.Option(help="Of a phase that has several.  [the newest]")] = None,
    gym: Annotated[str | None, typer.Option(help="IntentionGym, …")] = None,
    task: Annotated[str | None, typer.Option(help="A task's id.")] = None,
    group: Annotated[int | None, typer.Option(help="A group's number.", max=2**63 - 1)] = None,
    episode: Annotated[str | None, typer.Option(help="An episode's id.")] = None,
    status: Annotated[str | None, typer.Option(help="ok, judge_deadline, engine, …")] = None,
    opponent: Annotated[str | None, typer.Option(help="Who played the partner.")] = None,
    min_score: Annotated[float | None, typer.Option(help="At least this score.")] = None,
    max_score: Annotated[float | None, typer.Option(help="At most this score.")] = None,
    worst: Annotated[int | None, typer.Option(help="So many with the lowest scores.", min=1)] = None,
    best: Annotated[int | None, typer.Option(help="So many with the highest scores.", min=1)] = None,
    count: Annotated[int | None, typer.Option(help="The first so many.  [3]", min=1)] = None,
    tokens: Annotated[bool, typer.Option("--tokens", help="Also what the learner saw: token by token.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per episode and line.")] = False,
) -> None:
    """Print conversations of a run, with their rewards.

    Example: parley show runs/quickstart --phase heldout-after --worst 5 --tokens
    """
    from cluster.terminal.selection import Filters
    from cluster.terminal.show import show as run_show

    chosen = Filters(phase, iteration, task, group, episode, status, opponent, min_score, max_score, worst, best, count, gym)
    run_show(run, chosen, tokens=tokens, as_json=as_json)


def _describe(config: Config, described: Path | None) -> None:
    from cluster.groups import tasks
    from cluster.imitation import sources
    from cluster.jobs.runtime import resources
    from cluster.start import preflight
    from cluster.start.described import described_nodes
    from cluster.start.plan_text import nodes_text

    sizes: dict[str, Any] = configuration.derived(config)
    typer.echo(configuration.resolved(config))
    typer.echo("# derived\n" + "".join(f"# {line}\n" for line in yaml_text.dump(sizes).splitlines()), nl=False)
    nodes = resources() if described is None else described_nodes(described)
    preflight.check(preflight.parts(config), nodes)
    tasks.check(config.gyms.train, config.gyms.tasks)
    if described is None:  # else the files lie elsewhere too
        sources.check_files(config)
    typer.echo(f"# fits what is {'there' if described is None else 'described'}: {nodes_text(nodes)}")


def _failures() -> tuple[type[Exception], ...]:
    """What breaks a command off with a sentence that names component and cause."""
    from actors.pool import PoolError
    from learner.rank_group import LearnerError

    return RunFailed, PoolError, LearnerError


def _say(sentence: str) -> None:
    """An error, which may hold what a server or a file said."""
    from cluster.terminal.safe_text import safe

    typer.echo(f"parley: {safe(sentence)}", err=True)


def main() -> None:
    """Run the command line; typer itself ends with 2 on a wrong command or option."""
    try:
        app()
    except UserError as error:
        _say(str(error))
        sys.exit(EXIT_CODE)
    except Interrupted as error:
        _say(f"{error}; --resume goes on")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _say("interrupted")
        sys.exit(INTERRUPTED)
    except Exception as error:
        if not isinstance(error, _failures()):
            raise
        _say(str(error))
        sys.exit(FAILED)
