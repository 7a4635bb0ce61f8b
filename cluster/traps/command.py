"""`parley traps`, as the command line has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cluster.errors import UserError, suggestion
from envs.usersim.data.sops import Split

if TYPE_CHECKING:
    from envs.usersim.traps.item import TrapItem

Who = Annotated[
    str,
    typer.Argument(
        help="A rule user (oracle, always_yes, always_no, always_ask, random, over_compliant), the folder of a model, a "
        "checkpoint or a run, or endpoint (eval.agent of --config).",
        show_default=False,
    ),
]


def traps(
    who: Who,
    out: Annotated[Path, typer.Option(help="The folder to make.", show_default=False)],
    overrides: Annotated[list[str] | None, typer.Argument(help="Dotted overrides of the config.", show_default=False)] = None,
    also: Annotated[list[str] | None, typer.Option(help="A further user on the same items, tested against the first.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="A run's YAML file: engine, rollout, server, form of a turn.", show_default=False)
    ] = None,
    split: Annotated[Split, typer.Option(help="train, dev or test.")] = "test",
    locale: Annotated[str, typer.Option(help="en-US, or of test zh-CN.")] = "en-US",
    seed: Annotated[int, typer.Option(min=0, help="Of what the users draw and of the bootstrap.")] = 0,
    resamples: Annotated[int, typer.Option(min=100, help="Of the bootstrap.")] = 10_000,
    resume: Annotated[bool, typer.Option("--resume", help="Play only what is missing or has failed.")] = False,
) -> None:
    """Measure how a simulated user takes manipulation and its honest twins: BSI, TRR, BAR and more, trap by trap.

    Example: parley traps oracle --also random --out my-traps
    """
    from cluster.usersim.measuring import FORM, configured
    from cluster.usersim.subjects import users

    names = [who, *(also or [])]
    resolved = configured(config, overrides or [], names, FORM)
    subjects, items = users(names, resolved), _items(split, locale)
    from cluster.evaluation.grid import show
    from cluster.traps.benchmark import benchmark
    from cluster.traps.tables import overview

    folder = out.expanduser().absolute()
    found = benchmark(resolved, subjects, items, out=folder, seed=seed, resamples=resamples, resume=resume)
    show(overview(found))
    typer.echo(folder / "traps.html")


def _items(split: Split, locale: str) -> tuple[TrapItem, ...]:
    """The bank. Raises UserError if there is none in the locale."""
    from envs.usersim.data.sops import sops
    from envs.usersim.traps.bank import bank

    there = {sop.locale for sop in sops(split, None)}
    if locale not in there or not (items := bank(split, locale)):
        filled = [one for one in there if bank(split, one)]
        raise UserError(f"--locale is {locale!r}: the {split} split has no items in it; {suggestion(locale, filled)}")
    return items
