"""`parley traps`, as the command line has it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cluster.errors import UserError, suggestion
from envs.usersim.data.sops import Split

if TYPE_CHECKING:
    from envs.usersim.traps.item import TrapItem

Who = Annotated[
    str, typer.Argument(help="A rule user: oracle, always_yes, always_no, random or over_compliant.", show_default=False)
]


def traps(
    who: Who,
    out: Annotated[Path, typer.Option(help="The folder to make.", show_default=False)],
    also: Annotated[list[str] | None, typer.Option(help="A further user on the same items, tested against the first.")] = None,
    split: Annotated[Split, typer.Option(help="train, dev or test.")] = "test",
    locale: Annotated[str, typer.Option(help="en-US, or of test zh-CN.")] = "en-US",
    seed: Annotated[int, typer.Option(min=0, help="Of the users' own draws and of the bootstrap.")] = 0,
    resamples: Annotated[int, typer.Option(min=100, help="Of the bootstrap.")] = 10_000,
) -> None:
    """Measure how a simulated user takes manipulation and its honest twins: BSI, TRR, BAR and more, trap by trap.

    Example: parley traps oracle --also random --out my-traps
    """
    names = [who, *(also or [])]
    _check(names)
    items = _items(split, locale)
    from cluster.evaluation.grid import show
    from cluster.terminal.console import Console
    from cluster.traps import outputs
    from cluster.traps.result import result
    from cluster.traps.sitting import sit
    from cluster.traps.tables import overview
    from envs.usersim.users import USERS

    folder = outputs.claim(out)
    sat = {}
    with Console() as console:
        for name in names:
            sat[name] = sit(items, USERS[name], seed, partial(console.progress, name))
    found = result(sat, split, locale, seed, resamples)
    outputs.write(found, sat, folder)
    show(overview(found))
    typer.echo(folder / "traps.html")


def _check(names: list[str]) -> None:
    """Raises UserError for a user that is not there, or twice there."""
    from envs.usersim.users import USERS

    for name in names:
        if name == "endpoint" or Path(name).exists():
            raise UserError(f"WHO is {name!r}: the bank is played by rule users only, not by models; {suggestion('', USERS)}")
        if name not in USERS:
            raise UserError(f"WHO is {name!r}: there is no such rule user; {suggestion(name, USERS)}")
        if names.count(name) > 1:
            raise UserError(f"--also is {name!r}: that user is there already; give another one.")


def _items(split: Split, locale: str) -> tuple[TrapItem, ...]:
    """The bank. Raises UserError if there is none in the locale."""
    from envs.usersim.data.sops import sops
    from envs.usersim.traps.bank import bank

    there = {sop.locale for sop in sops(split, None)}
    if locale not in there or not (items := bank(split, locale)):
        filled = [one for one in there if bank(split, one)]
        raise UserError(f"--locale is {locale!r}: the {split} split has no items in it; {suggestion(locale, filled)}")
    return items
