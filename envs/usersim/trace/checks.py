"""Whether what a turn declares is legal in its context: references (E17), moves of concerns (E18), ends (E19), ledgers (E20)
and traps (E21). What may follow from what is decided by `envs.usersim.state`; here it is only asked.
"""

from __future__ import annotations

from collections.abc import Iterable

from envs.usersim.schema.delta import Delta
from envs.usersim.schema.dynamic_profile import MOST_CONCERNS
from envs.usersim.schema.enums import EndReason
from envs.usersim.stance import carries
from envs.usersim.state.concerns import LEGAL, legal
from envs.usersim.state.scan import commitments, disclosures
from envs.usersim.state.transition import reasons_after
from envs.usersim.trace.context import Context
from envs.usersim.trace.errors import Code, Findings
from envs.usersim.trace.grammar import CLAIM_ID
from envs.usersim.trace.think_block import Intentions

SHORTEST_QUOTE = 3
"""Characters: less is found in any text."""


def check_turn(said: Intentions, delta: Delta, utterance: str, context: Context, found: Findings) -> None:
    """All findings of a turn whose blocks could be read."""
    if said.new_count != len(delta.new_concerns):
        found.add(Code.E16, f"new is {said.new_count}, but the state has {len(delta.new_concerns)} new concerns")
    if delta.rewrite is None and len(context.statuses) + len(delta.new_concerns) > MOST_CONCERNS:
        found.add(Code.E16, f"there would be more than {MOST_CONCERNS} concerns")
    if said.touched or delta.concerns or delta.claims:
        _check_references(said, delta, context, found)
        _check_moves(delta, context, found)
    if said.traps or delta.traps:
        _check_traps(said, delta, context, found)
    if delta.end != (delta.end_reason is not None):
        found.add(Code.E19, f"end is {str(delta.end).lower()}, end_reason is {delta.end_reason}")
    if not found.broken:
        _check_ledgers(said, delta, utterance, context, found)
        if delta.end and not found.has(Code.E19):
            _check_end(said, delta, utterance, context, found)


def holding(said: Intentions, delta: Delta, utterance: str, context: Context) -> frozenset[EndReason]:
    """The reasons to end that would hold after a turn whose deltas are in range."""
    agent, scene = context.agent, context.scene
    return reasons_after(context.profile, agent, delta, scene, utterance=utterance, move=said.move, test=context.test)


def _check_end(said: Intentions, delta: Delta, utterance: str, context: Context, found: Findings) -> None:
    """The reason holds once the turn has had its effect."""
    reasons = holding(said, delta, utterance, context)
    if delta.end_reason not in reasons:
        found.add(Code.E19, f"{delta.end_reason} does not hold; what does: {', '.join(sorted(reasons)) or 'nothing'}")


def next_claim(known: Iterable[str]) -> str:
    """The id of the next new claim."""
    numbers = [int(match.group(1)) for match in map(CLAIM_ID.fullmatch, known) if match]
    return f"c{max(numbers, default=0) + 1}"


def _check_references(said: Intentions, delta: Delta, context: Context, found: Findings) -> None:
    """Concerns are known; a claim is known, or has the next number that is free."""
    for cid in said.touched:
        if cid not in context.statuses:
            found.add(Code.E17, f"{cid} is touched")
    for move in delta.concerns:
        if move.id not in context.statuses:
            found.add(Code.E17, f"{move.id} moves")
    if not delta.claims:
        return
    known = {claim.cid for claim in context.profile.ledgers.claims}
    for update in delta.claims:
        if update.cid not in known:
            following = next_claim(known)
            if update.cid != following:
                found.add(Code.E17, f"claim {update.cid}; the next is {following}")
            known.add(following)


def _check_moves(delta: Delta, context: Context, found: Findings) -> None:
    moved = set()
    for move in delta.concerns:
        was = context.statuses.get(move.id)
        if move.id in moved:
            found.add(Code.E18, f"{move.id} moves twice")
        elif was is not None and not legal(was, move):
            reason = "without a reason" if move.to in LEGAL[was] else ""
            found.add(Code.E18, f"{move.id} from {was} to {move.to} {reason}".strip())
        moved.add(move.id)


def _check_traps(said: Intentions, delta: Delta, context: Context, found: Findings) -> None:
    named = {trap.id for trap in delta.traps}
    if named != set(said.traps):
        found.add(Code.E21, f"intent has {', '.join(said.traps) or 'none'}, state has {', '.join(sorted(named)) or 'none'}")
    for trap in delta.traps:
        if len(trap.quote.strip()) < SHORTEST_QUOTE or not any(trap.quote in turn for turn in context.shown):
            found.add(Code.E21, f"{trap.id} quotes what the agent did not say")


def _check_ledgers(said: Intentions, delta: Delta, utterance: str, context: Context, found: Findings) -> None:
    declared = {commit.payload for commit in delta.commit}
    undeclared = set(commitments(utterance, said.move, context.agent, context.scene)) - declared
    if undeclared:
        found.add(Code.E20, f"{', '.join(sorted(undeclared))} is agreed to and not declared")
    elif declared and not carries(context.scene.plain(utterance), "accept"):
        found.add(Code.E20, f"{', '.join(sorted(declared))} is declared and not agreed to")
    told = disclosures(utterance, context.scene)
    if not told and not delta.disclosed:
        return
    slots = {disclosed.slot for disclosed in delta.disclosed}
    spoken = {disclosed.slot for disclosed in told}
    known = {slot for slot, _, _ in context.scene.secrets}
    if spoken & known - slots or (spoken - known and not slots):
        found.add(Code.E20, f"{', '.join(sorted(spoken - slots))} is told and not declared")
    elif slots & known - spoken:
        found.add(Code.E20, f"{', '.join(sorted(slots & known - spoken))} is declared and not told")
    for one in delta.disclosed:
        if one.level < context.scene.level(one.slot):
            found.add(Code.E20, f"{one.slot} is declared as level {one.level}, but is {context.scene.level(one.slot)}")
