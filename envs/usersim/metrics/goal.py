"""What the user got out of a call: goal progress, and its share of what there was to gain. Section 13.1 of the specification.

Reading of what the specification leaves open
- A concern is settled when it is `resolved` and the agent has answered it; one that the user drops is not. Those of the start
  count with the weight that they had then, whatever has become of them, and new ones until they are settled, as in `score`.
- The outcome's utility is that of the best offer among those it committed to, at the time; without one it is the utility of
  staying as things are.
- U_max is worth what the agent could offer at best, issue by issue.
"""

from __future__ import annotations

from collections.abc import Sequence

from envs.usersim.schema.dynamic_profile import Concern, Utilities
from envs.usersim.schema.ledger import Commitment
from envs.usersim.schema.sop import Issue
from envs.usersim.score import settled
from envs.usersim.state.concession import utility
from envs.usersim.state.entries import BARGAINED


def goal_progress(concerns: Sequence[Concern]) -> float | None:
    """GP in [0, 1]: the share of the primary and minor concerns, by importance, that were resolved. None without any.

    `concerns`: those that count, of `score.due_of`."""
    due = [concern for concern in concerns if concern.tier != "latent"]
    total = sum(concern.importance for concern in due)
    done = sum(concern.importance for concern in due if settled(concern))
    return done / total if total else None


def surplus_share(
    commitments: Sequence[Commitment], worth: Sequence[float | None], issues: Sequence[Issue], utilities: Utilities
) -> float | None:
    """(U - u_batna) / (U_max - u_batna), below 0 where the user agreed to less than it had. At most 1: an agent that is a model
    may say more than it can offer, and that is nothing that the user got out of the call.

    `worth` is that of the offer on the table in every turn that was heard; a commitment's `turn` counts those from 1. None
    where nothing is bargained over, or nothing that the agent may offer is worth more than staying as things are.
    """
    most = best_worth(issues, utilities.u_reserve) if issues else utilities.u_batna
    if most <= utilities.u_batna:
        return None
    taken = [worth[one.turn - 1] for one in commitments if one.payload in BARGAINED]
    agreed = [value for value in taken if value is not None]
    return min((max(agreed, default=utilities.u_batna) - utilities.u_batna) / (most - utilities.u_batna), 1.0)


def best_worth(issues: Sequence[Issue], u_reserve: float) -> float:
    """The utility of the best offer within the agent's range."""
    best = {issue.name: min(max(issue.user_ideal, issue.agent_min), issue.agent_max) for issue in issues}
    return utility(best, issues, u_reserve)
