"""The verbs of `parley data`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from cluster.data.tasks import Asked, import_modules, must_be_writable
from envs.base import Split

Gym = Annotated[str, typer.Argument(help="IntentionGym, …", show_default=False)]
Source = Annotated[str | None, typer.Option(help="One of the gym's lists.  [the usual one]")]
File = Annotated[Path | None, typer.Option(help="A task file instead of the gym's own lists.")]
OneSplit = Annotated[Split | None, typer.Option(help="train or heldout.  [both]")]
Modules = Annotated[list[str] | None, typer.Option("--module", help="A module that registers gyms of your own.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON.")]

HELP = "Tasks and conversations: what there is, and other people's files, read and written.  Example: parley data list"


def data_app() -> typer.Typer:
    """`parley data`."""
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=HELP)
    for verb in (list_, show, import_, export, trajectories, overlap):
        app.command(verb.__name__.rstrip("_"))(verb)
    return app


def list_(module: Modules = None, as_json: AsJson = False) -> None:
    """List gyms, their sources and splits, and how many tasks each has.  Example: parley data list"""
    import_modules(module or [])
    from cluster.data import listing

    listing.show_sizes(as_json=as_json)


def show(
    gym: Gym,
    split: OneSplit = None,
    source: Source = None,
    file: File = None,
    task: Annotated[str | None, typer.Option(help="A task's id.  [the first ones]")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many without --task.")] = 1,
    hidden: Annotated[bool, typer.Option("--hidden", help="Also what the agent is not told.")] = False,
    module: Modules = None,
    as_json: AsJson = False,
) -> None:
    """Print tasks: what the agent reads first and, if asked for, what is hidden.

    Example: parley data show TelepathyGym --source handwritten --split heldout --hidden
    """
    import_modules(module or [])
    from cluster.data import listing

    listing.show(Asked(gym, source, file, split), task=task, count=count, hidden=hidden, as_json=as_json)


def import_(
    files: Annotated[list[Path], typer.Argument(help="RL .parquet or a gym's .json; or: alignx FILE.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The file to make, .jsonl.", show_default=False)],
    gym: Annotated[str | None, typer.Option(help="Whose tasks; rows of other gyms are bad.  [all, of .parquet]")] = None,
    items: Annotated[list[Path] | None, typer.Option(help="The gym's .json, where rows name its items only.")] = None,
    split: Annotated[Split | None, typer.Option(help="Of .json, which does not say it: train or heldout.")] = None,
    drop_bad: Annotated[bool, typer.Option("--drop-bad/--strict", help="Write the rest, or nothing, if a row is bad.")] = False,
) -> None:
    """Make a task file of UserRL's data: play it with gyms.tasks: {GYM: {file: PATH}}.

    `alignx FILE` makes personas of AlignX's records instead, one static_profile/v1 a line.

    Example: parley data import alltrain.parquet alltest.parquet --items functions.json --out userrl.jsonl
    """
    from cluster.data import importing, personas

    must_be_writable(out, ".jsonl")
    if files[0] == personas.ALIGNX:
        imported = personas.load(files[1:])
        for line in imported.complaints():
            typer.echo(line, err=True)
        personas.save(imported, out, drop_bad=drop_bad)
        typer.echo(json.dumps(imported.counts() | {"out": str(out)}, indent=2))
        return
    loaded = importing.load(files, gym=gym, item_files=items or [], split=split)
    for line in loaded.complaints():
        typer.echo(line, err=True)
    importing.save(loaded, out, drop_bad=drop_bad)
    typer.echo(json.dumps(loaded.counts() | {"out": str(out)}, indent=2))


def export(
    gym: Gym,
    out: Annotated[Path, typer.Option(help="The .parquet to make.", show_default=False)],
    items: Annotated[Path | None, typer.Option(help="Also make the .json that UserRL's gym looks tasks up in.")] = None,
    format: Annotated[Literal["userrl"], typer.Option(help="Whose layout.")] = "userrl",
    split: OneSplit = None,
    source: Source = None,
    file: File = None,
) -> None:
    """Write tasks as UserRL's RL parquet.

    Example: parley data export PersuadeGym --out persuade.parquet --items statements.json
    """
    from cluster.data import exporting

    for path, suffix in ((out, ".parquet"), (items, ".json")):
        if path is not None:
            must_be_writable(path, suffix)
    count = exporting.export(Asked(gym, source, file, split), out, items)
    typer.echo(json.dumps({"tasks": count, "out": str(out), **({"items": str(items)} if items else {})}, indent=2))


def trajectories(
    run: Annotated[Path, typer.Argument(help="The folder of a run.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The .jsonl to make.", show_default=False)],
    format: Annotated[Literal["sharegpt", "openai"], typer.Option(help="ShareGPT, or OpenAI messages.")] = "openai",
    phase: Annotated[str | None, typer.Option(help="train, heldout-after, …  [train]")] = None,
    iteration: Annotated[int | None, typer.Option(help="Of a phase that has several.  [all]")] = None,
    gym: Annotated[str | None, typer.Option(help="IntentionGym, …")] = None,
    task: Annotated[str | None, typer.Option(help="A task's id.")] = None,
    group: Annotated[int | None, typer.Option(help="A group's number.", max=2**63 - 1)] = None,
    episode: Annotated[str | None, typer.Option(help="An episode's id.")] = None,
    opponent: Annotated[str | None, typer.Option(help="Who played the partner.")] = None,
    min_score: Annotated[float | None, typer.Option(help="At least this score.")] = None,
    max_score: Annotated[float | None, typer.Option(help="At most this score.")] = None,
    worst: Annotated[int | None, typer.Option(help="So many with the lowest scores.", min=1)] = None,
    best: Annotated[int | None, typer.Option(help="So many with the highest scores.", min=1)] = None,
    count: Annotated[int | None, typer.Option(help="The first so many.  [all]", min=1)] = None,
) -> None:
    """Write a run's conversations for others' trainers, or for sft.sources. Failed episodes are left out.

    Example: parley data trajectories runs/quickstart --format sharegpt --min-score 0.9 --out good.jsonl
    """
    from dataclasses import asdict

    from cluster.data import trajectories as writing
    from cluster.terminal.selection import Filters

    must_be_writable(out, ".jsonl")
    filters = Filters(phase, iteration, task, group, episode, None, opponent, min_score, max_score, worst, best, count, gym)
    typer.echo(json.dumps(asdict(writing.export(run, filters, format, out)) | {"out": str(out)}, indent=2))


def overlap(
    gym: Gym,
    source: Source = None,
    file: File = None,
    n: Annotated[int, typer.Option("--n", min=1, help="Words in a run.")] = 8,
    module: Modules = None,
    as_json: AsJson = False,
) -> None:
    """Say how many held-out tasks share runs of n words with train tasks, in what the agent reads first.

    Example: parley data overlap PersuadeGym --file userrl.jsonl --n 8
    """
    import_modules(module or [])
    from cluster.data import overlapping

    overlapping.show(Asked(gym, source, file), n, as_json=as_json)
