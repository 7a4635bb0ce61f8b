"""What a concern may become, and when it counts as answered. Section 5.4 (4) of the specification.

A move to the status that a concern already has is no legal move. What a rule cannot read, a judge may be asked: `Answers`.
A concern of the user's own is answered by a turn about it: what it waits for is its text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.delta import MOST_NEW, ConcernMove, NewConcern
from envs.usersim.schema.dynamic_profile import MOST_CONCERNS, Concern
from envs.usersim.schema.enums import TIER_LETTER, ConcernStatus, Tier
from envs.usersim.schema.record import MOST_LETTERS
from envs.usersim.state.similarity import tokens

Answers = Callable[[Concern, AgentTurn], bool]
"""Whether an agent's turn passes a concern's resolution test."""

LEGAL: dict[ConcernStatus, tuple[ConcernStatus, ...]] = {
    "latent": ("open", "dropped"),
    "open": ("touched", "partial", "resolved", "dropped"),
    "touched": ("partial", "resolved", "dropped"),
    "partial": ("touched", "resolved", "dropped"),
    "resolved": ("open", "dropped"),
    "dropped": (),
}
COVERED = 0.5
"""The share of a resolution test's words that an answer has to hold, where no fact is named."""
SHORT = 4
"""Words of fewer letters say too little to be looked for beside longer ones."""


def legal(was: ConcernStatus, move: ConcernMove) -> bool:
    """Whether a concern may make this move; to reopen or to drop one takes a reason."""
    reasoned = bool(move.why.strip()) or not (move.to == "dropped" or (was, move.to) == ("resolved", "open"))
    return move.to in LEGAL[was] and reasoned


def answers(concern: Concern, agent: AgentTurn) -> bool:
    """The rule: all facts it waits for were stated, or at least half of its test's words stand in the agent's turn, or all of
    them where they are all short."""
    if concern.resolved_by:
        return all(fid in agent.facts or fid in concern.heard for fid in concern.resolved_by)
    test, telling = _words(concern.resolution_test)
    said, _ = _words(agent.text)
    return len(telling & said) >= COVERED * len(telling) if telling else bool(test) and test <= said


def hear(concern: Concern, agent: AgentTurn, test: Answers = answers) -> Concern:
    """The concern after an agent's turn."""
    if concern.status in ("latent", "resolved", "dropped"):
        return concern
    new = [fid for fid in concern.resolved_by if fid in agent.facts and fid not in concern.heard] if agent.facts else ()
    answered = concern.answered or test(concern, agent)
    if answered == concern.answered and not new:
        return concern
    return concern.but(heard=(*concern.heard, *new), answered=answered)


def moved(concern: Concern, move: ConcernMove) -> Concern | None:
    """The concern after a move, or None where the move is illegal or nothing has answered it."""
    if not legal(concern.status, move) or (move.to == "resolved" and not concern.answered):
        return None
    if concern.status in ("latent", "resolved"):
        return concern.but(status=move.to, heard=(), answered=False)
    return concern.but(status=move.to)


def added(concerns: Sequence[Concern], new: Sequence[NewConcern]) -> tuple[Concern, ...]:
    """The concerns that can be added: two of a turn and ten in all at most, none without words; a tier's numbers go on."""
    made: list[Concern] = []
    for one in new[: min(MOST_NEW, MOST_CONCERNS - len(concerns))]:
        if not 0 < len(one.text) <= MOST_LETTERS:
            continue
        letter = TIER_LETTER[one.tier]
        last = max((int(c.id[1:]) for c in (*concerns, *made) if c.id[0] == letter), default=0)
        status: ConcernStatus = "latent" if one.tier == "latent" else "open"
        made.append(own(f"{letter}{last + 1}", one.tier, one.text, status, one.importance))
    return tuple(made)


def own(cid: str, tier: Tier, text: str, status: ConcernStatus, importance: int) -> Concern:
    """A concern that the user has added."""
    return Concern(id=cid, tier=tier, text=text, status=status, importance=importance, resolution_test=text)


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words of a text, and those that are long enough to be looked for."""
    said = frozenset(tokens(text))
    return said, frozenset(word for word in said if len(word) >= SHORT or not word.isascii())
