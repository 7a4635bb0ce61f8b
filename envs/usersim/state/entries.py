"""How the ledgers grow by a turn: what the agent brought, what the user declared, and what its words say besides.

Invariants
- `verified` needs evidence that the agent supplied for the claim's fact, or a fact that the user knows; else it is `supported`.
- What a turn commits to or gives away without declaring it is entered all the same, as `undeclared`.
- A commitment is reversible only if the asks are, a disclosure as sensitive as SOP and persona have it: declaring less is vain.
- No list outgrows `MOST_ENTRIES`, no text `MOST_LETTERS`: what is more is rejected, and said to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.delta import ClaimUpdate, Commit, Delta, Disclosed
from envs.usersim.schema.dynamic_profile import Utilities
from envs.usersim.schema.enums import Move, Payload
from envs.usersim.schema.ledger import MOST_ENTRIES, Claim, Commitment, Disclosure, Ledgers, Offer, TrapEntry
from envs.usersim.schema.record import MOST_LETTERS
from envs.usersim.state.concession import required, utility
from envs.usersim.state.scan import commitments, disclosures
from envs.usersim.state.scene import Scene
from envs.usersim.state.similarity import cosine

LINKED = 0.3
"""From this similarity on, a claim is about a fact that the agent has stated."""
BARGAINED: tuple[Payload, ...] = ("BUY", "PAY", "TERMS", "RATE")
"""What is committed to by taking the offer on the table."""
Entry = TypeVar("Entry")


def heard(ledgers: Ledgers, agent: AgentTurn, scene: Scene, utilities: Utilities, turn: int) -> Ledgers:
    """The ledgers once the agent has spoken: facts, evidence, offer, and traps corrected."""
    changes: dict[str, object] = {}
    if agent.facts or agent.evidence:
        changes["stated"] = tuple(dict.fromkeys((*ledgers.stated, *agent.facts, *agent.evidence)))
        changes["evidenced"] = tuple(dict.fromkeys((*ledgers.evidenced, *agent.evidence)))
    if agent.offer:
        values = {**(ledgers.offer.values if ledgers.offer else {}), **agent.offer}
        worth = utility(values, scene.issues, utilities.u_reserve)
        changes["offer"] = Offer(turn=turn, values=values, utility=worth)
        changes["best"] = worth if ledgers.best is None else max(worth, ledgers.best)
    if (agent.act == "concede" or agent.evidence) and ledgers.traps:
        changes["traps"] = tuple(trap.but(corrected=True) for trap in ledgers.traps)
    return ledgers.but(**changes) if changes else ledgers


def claimed(ledgers: Ledgers, updates: Sequence[ClaimUpdate], scene: Scene, turn: int, rejected: list[str]) -> Ledgers:
    """The ledgers after the user's updates of its claims."""
    if not updates:
        return ledgers
    claims = {claim.cid: claim for claim in ledgers.claims}
    for update in updates:
        was = claims.get(update.cid)
        if len(update.text) > MOST_LETTERS or (was is None and len(claims) >= MOST_ENTRIES):
            rejected.append(f"claim {update.cid}")
            continue
        was = was or Claim(cid=update.cid, text=update.text, topic=_topic(update.text, ledgers, scene), turn=turn)
        status = update.status
        if status == "verified" and was.topic not in scene.known.union(scene.provable.intersection(ledgers.evidenced)):
            status = "supported"
            rejected.append(f"claim {update.cid} verified")
        claims[update.cid] = was.but(status=status, text=update.text or was.text)
    return ledgers.but(claims=tuple(claims.values()))


def entered(
    ledgers: Ledgers,
    delta: Delta,
    utterance: str,
    move: Move,
    agent: AgentTurn,
    scene: Scene,
    utilities: Utilities,
    turn: int,
    rejected: list[str],
) -> Ledgers:
    """The ledgers after the user's disclosures, commitments, traps and refusal."""
    evidenced = frozenset(ledgers.evidenced)
    told = [_disclosure(one, scene, evidenced, turn, False) for one in delta.disclosed]
    slots = [one.slot for one in delta.disclosed]
    told += [_disclosure(one, scene, evidenced, turn, True) for one in disclosures(utterance, scene) if one.slot not in slots]
    made = [_commitment(one, ledgers, agent, scene, utilities, turn, False) for one in delta.commit]
    declared = {one.payload for one in delta.commit}
    spoken = [payload for payload in commitments(utterance, move, agent, scene) if payload not in declared]
    made += [_commitment(Commit(payload), ledgers, agent, scene, utilities, turn, True) for payload in spoken]
    traps = [TrapEntry(id=one.id, turn=turn, quote=one.quote, response_move=move) for one in delta.traps]
    changes: dict[str, object] = {}
    if told:
        changes["disclosures"] = _grown(ledgers.disclosures, told, "disclosure", rejected)
    if made:
        changes["commitments"] = _grown(ledgers.commitments, made, "commitment", rejected)
    if traps:
        changes["traps"] = _grown(ledgers.traps, traps, "trap", rejected)
    if move == "refuse":
        changes["refusals"] = ledgers.refusals + 1
    return ledgers.but(**changes) if changes else ledgers


def _grown(old: tuple[Entry, ...], new: Sequence[Entry], what: str, rejected: list[str]) -> tuple[Entry, ...]:
    room = MOST_ENTRIES - len(old)
    rejected += [what] * max(len(new) - room, 0)
    return old + tuple(new[:room])


def _topic(text: str, ledgers: Ledgers, scene: Scene) -> str:
    """The fact a claim is about: of those stated, or known to the user, the most similar one."""
    near = {fid: cosine(text, scene.facts[fid].text) for fid in (*ledgers.stated, *scene.known)}
    best = max(near, key=lambda fid: near[fid], default="")
    return best if best and near[best] >= LINKED else ""


def _disclosure(one: Disclosed, scene: Scene, evidenced: frozenset[str], turn: int, undeclared: bool) -> Disclosure:
    level = scene.level(one.slot, one.level)
    excess = scene.excess(one.slot, level, evidenced)
    return Disclosure(slot=one.slot, level=level, turn=turn, undeclared=undeclared, excess=excess)


def _commitment(
    one: Commit, ledgers: Ledgers, agent: AgentTurn, scene: Scene, utilities: Utilities, turn: int, undeclared: bool
) -> Commitment:
    """`turn` counts from 1, the concession curve from 0."""
    worth = ledgers.offer.utility if ledgers.offer and one.payload in BARGAINED else None
    asks = [scene.asks[ask] for ask in agent.asks if scene.asks[ask].payload == one.payload]
    asks = asks or [ask for ask in scene.asks.values() if ask.payload == one.payload]
    stated, evidenced = frozenset(ledgers.stated), frozenset(ledgers.evidenced)
    return Commitment(
        payload=one.payload,
        terms=one.terms,
        reversible=one.reversible and bool(asks) and all(ask.reversible for ask in asks),
        turn=turn,
        undeclared=undeclared,
        irrational=worth is not None and worth < required(turn - 1, scene.horizon, utilities),
        breach=worth is not None and worth < utilities.u_reserve,
        legitimate=not asks or any(scene.legitimate(ask, stated, evidenced) for ask in asks),
    )
