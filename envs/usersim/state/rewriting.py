"""What is taken over of a profile that the user has written anew (`state_mode: full`): everything that is the user's.

Invariants
- Not the user's: what a concern waits for and whether it was answered, which stay with its id; where a memory comes from.
- New concerns take the same leave as ever, and a profile never has none: if all that is written is refused, the old ones stay.
"""

from __future__ import annotations

from collections.abc import Sequence

from envs.usersim.schema.delta import ConcernMove, Rewrite
from envs.usersim.schema.dynamic_profile import Concern, DecisionPolicy, DynamicProfile, MemoryItem
from envs.usersim.state.concerns import moved, own


def relisted(concerns: tuple[Concern, ...], rewrite: Rewrite, may_add: bool, rejected: list[str]) -> tuple[Concern, ...]:
    """The concerns as written; what is left out is gone."""
    known = {concern.id: concern for concern in concerns}
    made: list[Concern] = []
    for one in rewrite.target_list:
        if one.id in known:
            made.append(known[one.id].but(text=one.text, status=one.status, importance=one.importance))
        elif may_add:
            made.append(own(one.id, one.tier, one.text, one.status, one.importance))
        else:
            rejected.append("new concern")
    return tuple(made) or concerns


def restated(concerns: tuple[Concern, ...], rewrite: Rewrite) -> tuple[Concern, ...]:
    """The same where the user is not shown what becomes of them: only statuses are taken over, where they are legal moves."""
    said = {one.id: ConcernMove(one.id, one.status) for one in rewrite.target_list}
    after = ((one, moved(one, said[one.id]) if one.id in said and one.status != "latent" else None) for one in concerns)
    return tuple(made or one for one, made in after)


def reminded(memory: Sequence[MemoryItem], rewrite: Rewrite) -> tuple[MemoryItem, ...]:
    """The memory as written."""
    sources = {item.mid: item.source for item in memory}
    return tuple(
        MemoryItem(mid=one.mid, text=one.text, about=one.about, valence=one.valence, source=sources.get(one.mid, "generated"))
        for one in rewrite.scenario_memory
    )


def planned(policy: DecisionPolicy, rewrite: Rewrite, after: DynamicProfile) -> DecisionPolicy:
    """The policy as written, if the core issue is still a concern."""
    core = rewrite.core_issue if after.concern(rewrite.core_issue) else ""
    return policy.but(core_issue=core, topic_plan=rewrite.topic_plan)
