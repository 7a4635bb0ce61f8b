"""`parley teach`: the command, and what it leaves in its folder.

    sharegpt.jsonl          the kept conversations, for `sft.agent.sources: [{file: ...}]`
    trajectories/           kept.parquet and dropped.parquet: every episode played, for `parley show`
    account.json, .md       what was played, what became of it, tokens and cost
    config.yaml             the run's resolved configuration

and the store that it goes on with (`cluster.teach.store`). Written anew at every end but a kill; made from the store alone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cluster.errors import UserError

if TYPE_CHECKING:
    from cluster.config import Config
    from cluster.config.teach import TeachConfig
    from cluster.record.run_directory import RunDirectory
    from cluster.teach.account import Account
    from cluster.teach.selection import Fate
    from cluster.teach.store import Store
    from rewards.trajectory import Row

SAMPLES = "sharegpt.jsonl"
KEPT, DROPPED = "kept", "dropped"


def teach(
    config: Annotated[Path, typer.Argument(help="A run's YAML file with a `teach` section.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The folder to make.", show_default=False)],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="Dotted overrides: teach.episodes=8", show_default=False)
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is in the folder.")] = False,
) -> None:
    """Let a teacher (an OpenAI-compatible server, or the gyms' scripts) play train tasks, and keep the best to imitate.

    Example: parley teach examples/teach.yaml --out teacher teach.endpoint.max_cost=5
    """
    from cluster import config as configuration

    resolved = configuration.load(config, overrides or [], imitates=False)  # the file to imitate is made here
    account = run(resolved, check(resolved), out.expanduser().absolute(), resume=resume)
    from cluster.teach.account import markdown

    typer.echo(markdown(account))
    typer.echo(out / SAMPLES)


def check(config: Config) -> TeachConfig:
    """The section, if it can be played here. Raises UserError."""
    from cluster.config import services
    from cluster.start import in_process

    settings = config.teach
    if settings is None:
        raise UserError("teach is null: give it a section to play by, for example teach={tasks: 50, episodes: 4}.")
    if settings.user is None:
        in_process.check_users(config)
    if settings.endpoint is not None:
        services.check_endpoint("teach.endpoint", settings.endpoint)
    return settings


def run(config: Config, settings: TeachConfig, out: Path, *, resume: bool) -> Account:
    """Play what is missing and write the results. Raises UserError, RunFailed, Interrupted; what was played stays."""
    from cluster.jobs.interruption import Interruption
    from cluster.teach import store as storage
    from cluster.teach.teach import Teaching, made_of, plan
    from cluster.terminal.console import Console

    places = plan(config, settings)
    with storage.opened(out, made_of(config, settings, places), resume=resume) as store:
        teaching = Teaching(config, settings, store)
        with Console() as console, Interruption() as interruption:

            def ended() -> None:
                played, scored = len(store.episodes), store.scored
                notes = {"score": store.scores / max(1, scored), "failed": played - scored, "cost": store.cost}
                console.progress("teacher", played, max(played, len(places)), notes)

            try:
                asyncio.run(teaching.play(places, interruption.check, ended))
            finally:
                account = write(config, settings, store, planned=len(places), stopped=teaching.stopped)
            if teaching.stopped:
                console.say(teaching.stopped)
    return account


def write(config: Config, settings: TeachConfig, store: Store, *, planned: int, stopped: str | None) -> Account:
    """Everything that is made of the store."""
    from cluster.config import resolved
    from cluster.record.run_directory import RunDirectory
    from cluster.record.whole_file import replace_text
    from cluster.teach.account import account, markdown
    from cluster.teach.records import records
    from cluster.teach.selection import fates
    from cluster.teach.teacher import name as teacher_name

    names = sorted(store.episodes, key=lambda name: (name[0], *map(int, name[1].split("."))))
    played = [store.episodes[name] for name in names]
    rows = [episode[0] for episode in played]
    decided = fates(rows, settings)
    directory = RunDirectory(store.path.parent, store.path.name)
    directory.write_config(resolved(config))
    directory.trajectories.mkdir(exist_ok=True)
    _tables(directory, played, decided)
    wire = config.policies[config.acting].wire
    kept = [data for row, fate in zip(rows, decided, strict=True) if fate == KEPT for data in records(row, wire)]
    replace_text(store.path / SAMPLES, "".join(json.dumps(data, ensure_ascii=False) + "\n" for data in kept))
    most = None if settings.endpoint is None else settings.endpoint.max_cost
    made = account(
        rows,
        decided,
        store.calls,
        teacher=teacher_name(settings, config.acting),
        planned=planned,
        stopped=stopped,
        max_cost=most,
    )
    replace_text(store.path / "account.json", json.dumps(made.as_data(), indent=2) + "\n")
    replace_text(store.path / "account.md", markdown(made))
    return made


def _tables(directory: RunDirectory, played: Sequence[list[Row]], decided: Sequence[Fate]) -> None:
    from rewards.trajectory import to_table

    for phase, wanted in ((KEPT, True), (DROPPED, False)):
        chosen = [row for rows, fate in zip(played, decided, strict=True) if (fate == KEPT) == wanted for row in rows]
        directory.write_trajectories(to_table(chosen), phase)
