"""How much a user requires as time passes, and what an offer is worth to it. Section 5.4 (6) of the specification.

`u_req(t) = u_reserve + (u_ideal - u_reserve) * (1 - (t / T) ** (1 / beta))`: with a small beta a user holds out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from envs.usersim.schema.dynamic_profile import Utilities
from envs.usersim.schema.sop import Issue


def required(turn: int, horizon: int, utilities: Utilities) -> float:
    """What a user requires at a turn, counted from 0. After the horizon it is the reserve."""
    passed = min(turn / horizon, 1.0)
    given: float = passed ** (1 / utilities.beta)
    return utilities.u_reserve + (utilities.u_ideal - utilities.u_reserve) * (1 - given)


def utility(values: Mapping[str, float], issues: Sequence[Issue], u_reserve: float) -> float:
    """What an offer is worth, in [0, 1]: 1 where every issue is ideal, `u_reserve` where every issue is at its reserve, linear
    between and beyond. An issue that the offer leaves out counts at its reserve. Raises ValueError for an unknown issue."""
    unknown = set(values) - {issue.name for issue in issues}
    if unknown or not issues:
        raise ValueError(f"The offer names {sorted(unknown)}; the issues are {[issue.name for issue in issues]}.")
    weight = sum(issue.weight for issue in issues)
    return sum(issue.weight * _worth(values, issue, u_reserve) for issue in issues) / weight


def _worth(values: Mapping[str, float], issue: Issue, u_reserve: float) -> float:
    value = values.get(issue.name, issue.user_reserve)
    gain = (value - issue.user_reserve) / (issue.user_ideal - issue.user_reserve)
    return min(max(u_reserve + (1 - u_reserve) * gain, 0.0), 1.0)
