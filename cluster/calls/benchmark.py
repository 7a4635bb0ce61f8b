"""Whole calls from beginning to end: played as `parley eval` plays, measured, and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster.calls import outputs
from cluster.calls.plan import plan, switch_of
from cluster.calls.result import Result, Switched, result
from cluster.config import Config
from cluster.evaluation.evaluate import played
from cluster.evaluation.setting import Setting
from cluster.evaluation.store import opened
from cluster.evaluation.subject import Subject
from cluster.terminal.console import Console
from cluster.usersim.episodes import Episode, episodes
from cluster.usersim.measuring import GYM, measuring
from envs.usersim.loader import Heldout
from envs.usersim.metrics.call import Call
from envs.usersim.task import UserSimTask


def benchmark(
    config: Config, subjects: Sequence[Subject], split: Heldout, *, out: Path, resamples: int, resume: bool
) -> Result:
    """Measure users in the calls of a split; the first is compared with the others. Raises UserError before anything is
    played, Interrupted, RunFailed; what was finished by then is kept for `resume`."""
    seed, runs = config.run.seed, config.eval.repeats
    measured = measuring(config, GYM, seed=seed, repeats=runs)
    planned = plan(split, config.eval.tasks)
    setting = Setting.of(measured, subjects, planned, timed=True)
    with opened(out, setting.identity(), resume=resume, what="a benchmark of calls") as store, Console() as console:
        table = played(setting, store, console)
        told = _Told.of(episodes(table, [each.label for each in subjects]), planned)
        found = result(told.calls, told.switched, split=split, runs=runs, seed=seed, resamples=resamples, failed=told.failed)
        outputs.write(found, told.calls, told.switched, store)
    return found


@dataclass(frozen=True, slots=True)
class _Told:
    """The calls of each user that nobody failed in."""

    calls: Mapping[str, Sequence[Call]]
    switched: Mapping[str, Switched]
    failed: dict[str, int]

    @classmethod
    def of(cls, found: Mapping[str, Sequence[Episode]], planned: Mapping[str, Sequence[UserSimTask]]) -> _Told:
        tasks = {task.id: task for some in planned.values() for task in some}
        missing = {each.key for own in found.values() for each in own if each.failure is not None}
        kept = {user: [each for each in own if each.key not in missing] for user, own in found.items()}
        calls = {user: [_call(each, tasks) for each in own if switch_of(each.tasks) is None] for user, own in kept.items()}
        switched = {
            user: [(switch, _call(each, tasks)) for each in own if (switch := switch_of(each.tasks))]
            for user, own in kept.items()
        }
        return cls(calls, switched, {user: sum(each.failure is not None for each in own) for user, own in found.items()})


def _call(each: Episode, tasks: Mapping[str, UserSimTask]) -> Call:
    return Call.of(tasks[each.task], each.repeat, each.state, score=each.score, success=each.success, tokens=each.tokens)
