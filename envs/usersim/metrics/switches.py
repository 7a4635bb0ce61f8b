"""Language and culture as switches: whether a person decides alike in the same call held in another language, by somebody grown
up elsewhere, or both. Section 14.2 of the specification: decisions should agree, style may not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import Literal

from envs.usersim.metrics.call import Call

Switch = Literal["none", "language", "culture", "both"]
"""What of a call was switched."""
SWITCHES: tuple[Switch, ...] = ("none", "language", "culture", "both")


def agreement(calls: Sequence[Call], switched: Sequence[Switch]) -> dict[Switch, list[float | None]]:
    """For each switch the share, of every call that has it, of the calls without one that decide alike: same person, family of
    SOPs and agent. Of `none` those are the other runs, which says how much of a difference is chance. None elsewhere."""
    plain: dict[tuple[str, str, str], list[Call]] = defaultdict(list)
    for call, switch in zip(calls, switched, strict=True):
        if switch == "none":
            plain[_place(call)].append(call)
    shares = [_share(call, plain[_place(call)]) for call in calls]
    return {one: [share if switch == one else None for share, switch in zip(shares, switched, strict=True)] for one in SWITCHES}


def _share(call: Call, plain: Sequence[Call]) -> float | None:
    alike = [float(call.decision == other.decision) for other in plain if other is not call]
    return fmean(alike) if alike else None


def _place(call: Call) -> tuple[str, str, str]:
    return call.task.persona.persona_id, call.task.sop.family, call.task.agent
