"""One trap benchmark from beginning to end: rule users take the items here and now, models and endpoints in words, as
`parley eval` plays; what was said is kept, scored, and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from cluster.config import Config
from cluster.evaluation.evaluate import played
from cluster.evaluation.setting import Setting
from cluster.evaluation.store import Store, opened
from cluster.evaluation.subject import Subject
from cluster.terminal.console import Console
from cluster.traps import outputs
from cluster.traps.result import Result, result
from cluster.traps.sitting import Sat, heard, sit
from cluster.usersim.episodes import episodes
from cluster.usersim.measuring import measuring
from envs.usersim.traps.gym import NAME, tasks
from envs.usersim.traps.item import TrapItem
from envs.usersim.users import USERS

ITEMS = "items"
"""What the table of trajectories calls the tasks."""


def benchmark(
    config: Config,
    subjects: Sequence[Subject],
    items: Sequence[TrapItem],
    *,
    out: Path,
    seed: int,
    resamples: int,
    resume: bool,
) -> Result:
    """Measure users on items of one split and locale; the first is compared with the others.

    Raises UserError before anything is played, Interrupted, RunFailed; what was finished by then is kept for `resume`.
    """
    measured = measuring(config, NAME, seed=seed, repeats=1)
    setting = Setting.of(measured, subjects, {ITEMS: tasks(items)})
    with opened(out, setting.identity(), resume=resume, what="a trap benchmark") as store, Console() as console:
        sat = _sat(setting, items, seed, store, console)
        failed = {user: sum(one is None for one in taken) for user, taken in sat.items()}
        missing = _incomplete(items, sat)
        common = {user: [one for one in taken if one and one.item.item_id not in missing] for user, taken in sat.items()}
        found = result(common, seed, resamples, failed)
        outputs.write(found, common, store)
    return found


def _sat(
    setting: Setting, items: Sequence[TrapItem], seed: int, store: Store, console: Console
) -> dict[str, Sequence[Sat | None]]:
    """The items as each user took them, in the order of the users."""
    speaking = [each for each in setting.subjects if each.kind != "script"]
    said = {}
    architecture = setting.config.gyms.params[NAME].get("architecture")
    if speaking:
        table = played(replace(setting, subjects=speaking), store, console)
        said = episodes(table, [each.label for each in speaking])
    return {
        each.label: sit(items, USERS[each.name], seed, partial(console.progress, each.label), architecture)
        if each.kind == "script"
        else heard(items, said[each.label])
        for each in setting.subjects
    }


def _incomplete(items: Sequence[TrapItem], sat: Mapping[str, Sequence[Sat | None]]) -> set[str]:
    """The items that some user failed to take, and the others of their pairs of trap and twin."""
    failed = [item for taken in sat.values() for item, one in zip(items, taken, strict=True) if one is None]
    return {name for item in failed for name in (item.item_id, item.pair)}
