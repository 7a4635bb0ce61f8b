"""What the calls came to: numbers of every user, by agent and by domain, and of every further user against the first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cluster.calls.plan import MATTERS, matter
from cluster.usersim.versus import Versus, versus
from envs.usersim.metrics import calls as metrics
from envs.usersim.metrics.call import Call
from envs.usersim.metrics.clusters import Estimate
from envs.usersim.metrics.decision import ENDINGS, Ending
from envs.usersim.metrics.switches import SWITCHES, Switch, agreement

ALL = "all"
DIFFERENCES = ("score", "success", "goal", "premature", "overstay", "breach", "v_state", "robotic", "style")
"""The numbers that users are compared by."""
Estimates = dict[str, Estimate | None]


@dataclass(frozen=True, slots=True)
class Plan:
    """Which calls, and how intervals were drawn."""

    split: str
    tasks: int
    runs: int
    """Calls of each task."""
    clusters: int
    seed: int
    resamples: int
    failed: dict[str, int]
    """User -> calls that failed; nobody's numbers have them."""


@dataclass(frozen=True, slots=True)
class UserResult:
    """A user's numbers."""

    groups: dict[str, Estimates]
    """Of all calls, those with each agent, and those about each kind of matter."""
    endings: dict[Ending, Estimate | None]
    errors: dict[str, int]
    """Class of error -> turns that had it, the most frequent first."""
    turns: int
    """So many were read."""
    switches: dict[Switch, Estimate | None]
    """Of the calls that were held in two languages, how many were decided as without the switch."""


@dataclass(frozen=True, slots=True)
class Result:
    """See the module."""

    plan: Plan
    users: dict[str, UserResult]
    versus: list[Versus]

    def as_json(self) -> dict[str, Any]:
        """For `calls.json`."""
        return {"schema": "call_result/v1", **asdict(self)}


Switched = Sequence[tuple[Switch, Call]]


def result(
    calls: Mapping[str, Sequence[Call]],
    switched: Mapping[str, Switched],
    *,
    split: str,
    runs: int,
    seed: int,
    resamples: int,
    failed: dict[str, int],
) -> Result:
    """The numbers of users that had the same calls; the first one is compared with the others."""
    first = next(iter(calls.values()))
    draws = metrics.clusters(first, seed, resamples)
    groups = _groups(first)
    numbers = {
        user: {name: metrics.numbers(own, draws, among) for name, among in groups.items()} for user, own in calls.items()
    }
    users = {
        user: UserResult(
            groups={name: {key: one.interval() for key, one in found.items()} for name, found in numbers[user].items()},
            endings={end: draws.ratio([float(call.ending == end) for call in own]).interval() for end in ENDINGS},
            **_errors(own),
            switches=_switches(switched[user], seed, resamples),
        )
        for user, own in calls.items()
    }
    compared = versus(
        {user: of[ALL] for user, of in numbers.items()}, lambda one, other: metrics.tests(calls[one], calls[other]), DIFFERENCES
    )
    clusters = len({call.cluster for call in first})
    return Result(Plan(split, len({c.task.id for c in first}), runs, clusters, seed, resamples, failed), users, compared)


def _groups(calls: Sequence[Call]) -> dict[str, list[bool]]:
    """Which calls are in each group, if there are any; by matter only where there are several kinds."""
    found = {ALL: [True] * len(calls)}
    found |= {agent: [call.task.agent == agent for call in calls] for agent in dict.fromkeys(c.task.agent for c in calls)}
    about = [matter(call.task) for call in calls]
    kinds = [kind for kind in MATTERS if kind in about]
    return found | {kind: [one == kind for one in about] for kind in kinds if len(kinds) > 1}


def _switches(switched: Switched, seed: int, resamples: int) -> dict[Switch, Estimate | None]:
    if not switched:
        return {}
    draws = metrics.clusters([call for _, call in switched], seed, resamples)
    shares = agreement([call for _, call in switched], [switch for switch, _ in switched])
    return {switch: draws.ratio(shares[switch]).interval() for switch in SWITCHES}


def _errors(calls: Sequence[Call]) -> dict[str, Any]:
    counts = Counter(code for call in calls for turn in call.turns for code in turn.errors)
    ordered = dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
    return {"errors": ordered, "turns": sum(len(call.turns) for call in calls)}
