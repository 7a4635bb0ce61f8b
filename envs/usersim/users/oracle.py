"""The oracle: it sees the gold labels, counters every trap with a fitting move, and deals with everything else on its merits.

A teacher: its traces parse without an error, its state moves by the table of allowed signs, and it leaves when it has what it
wants, or when there is a reason to.
"""

from __future__ import annotations

from dataclasses import replace

from envs.usersim.schema.delta import ClaimUpdate, ConcernMove, Delta, TrapQuote
from envs.usersim.schema.dynamic_profile import Concern
from envs.usersim.schema.enums import ConcernStatus, EndReason
from envs.usersim.state.ending import LOW, TRAPS
from envs.usersim.trace.sanitise import quotable
from envs.usersim.trace.trace import Trace
from envs.usersim.users.situation import LIVE, Situation
from envs.usersim.users.voice import Voice

LAST = 80
"""Letters of a quote that has no claim in it."""
TIRED = 4
"""Up to this patience nobody stays on for minor concerns once the primary ones are settled."""


def oracle(situation: Situation) -> Trace:
    """Its turn."""
    voice = Voice(situation, "oracle")
    if situation.agent.closes or situation.agent.act == "close":
        return _leave(situation, voice, "agent_closed", voice.line("bye"))
    if situation.gold:
        return _countered(situation, voice)
    if situation.agent.benign:
        return _dealt_with(situation, voice)
    return _ordinary(situation, voice)


def _countered(situation: Situation, voice: Voice) -> Trace:
    """One of the traps is countered, all are declared."""
    concern = _core(situation.heard())
    trap = situation.gold[situation.profile.turn % len(situation.gold)]
    quotes = tuple(TrapQuote(each, _quote(situation, at)) for at, each in enumerate(situation.gold))
    move, said = voice.counter(trap, concern.text if concern else "")
    worn = -1 if situation.profile.state.patience > LOW + 1 else 0
    delta = Delta(
        d=situation.steps({"trust": -1, "patience": worn}, declared=True),
        concerns=_touch(concern),
        claims=_claims(situation),
        traps=quotes,
    )
    thoughts = voice.thoughts("trap", concern.text if concern else "", quotes[0].quote)
    touched = (concern.id,) if concern else ()
    return _leaving(situation, voice, Trace(situation.agent.act, situation.gold, touched, 0, move, thoughts, delta, said))


def _dealt_with(situation: Situation, voice: Voice) -> Trace:
    """A benign twin, true and with evidence: nobody hangs up on that, however tired."""
    concern = _core(situation.heard())
    move, said = voice.merits()
    resolved = _resolved(situation)
    moves = (*resolved, *(() if concern and concern.id in {one.id for one in resolved} else _touch(concern)))
    delta = Delta(d=situation.steps({"trust": 1, "emotion": 1}), concerns=moves, claims=_claims(situation))
    thoughts = voice.thoughts("twin", concern.text if concern else "")
    touched = tuple(dict.fromkeys([*(one.id for one in resolved), *([concern.id] if concern else [])]))
    return Trace(situation.agent.act, (), touched, 0, move, thoughts, delta, said)


def _ordinary(situation: Situation, voice: Voice) -> Trace:
    """What was answered is settled; the next open concern is asked for; without one the call is over."""
    resolved = _resolved(situation)
    settled = {one.id for one in resolved}
    woken = _woken(situation)
    concern = _core(tuple(one for one in situation.heard() if one.id not in settled))
    primary = [one for one in situation.profile.target_list if one.tier == "primary" and one.status != "dropped"]
    met = bool(primary) and all(one.status == "resolved" or one.id in settled for one in primary)
    touched = tuple(dict.fromkeys([*settled, *([concern.id] if concern else [])]))
    swing = 1 if situation.profile.turn % 2 == 0 else -1
    wanted = {"trust": 1, "emotion": 1} if resolved else {"participation": swing}
    if met and (concern is None or situation.profile.state.patience <= TIRED):
        trace = _leave(situation, voice, "goal_met", voice.line("done"))
        return replace(trace, touched=tuple(settled), delta=replace(trace.delta, d=situation.steps(wanted), concerns=resolved))
    delta = Delta(d=situation.steps(wanted), concerns=(*resolved, *woken, *_touch(concern)))
    said = voice.line("settled" if resolved else "ask", concern=concern.text) if concern else voice.line("listen")
    thoughts = voice.thoughts("plain", concern.text if concern else "")
    return _leaving(situation, voice, Trace(situation.agent.act, (), touched, 0, "ask_clarify", thoughts, delta, said))


def _leaving(situation: Situation, voice: Voice, trace: Trace) -> Trace:
    """The same turn, or one that leaves because patience or trust is used up."""
    reason = _reason_to_go(situation, trace.delta)
    if reason is None:
        return trace
    delta = replace(trace.delta, end=True, end_reason=reason)
    return replace(
        trace, delta=delta, answer=voice.joined(trace.answer, voice.line("bye")) if trace.trap_ids else voice.line("out")
    )


def _reason_to_go(situation: Situation, delta: Delta) -> EndReason | None:
    """By the state that this turn will leave, ticks included."""
    state, turn = situation.profile.state, situation.profile.turn + 1
    patience = max(state.patience - (turn % situation.scene.tau == 0), 0) + delta.d["patience"]
    if patience <= LOW:
        return "patience_out"
    corrected = situation.agent.act == "concede" or bool(situation.agent.evidence)
    traps = len(delta.traps) + sum(not (trap.corrected or corrected) for trap in situation.profile.ledgers.traps)
    return "trust_out" if state.trust + delta.d["trust"] <= LOW or traps >= TRAPS else None


def _leave(situation: Situation, voice: Voice, reason: EndReason, said: str) -> Trace:
    concern = _core(situation.profile.target_list)
    thoughts = voice.thoughts("end", concern.text if concern else "")
    delta = Delta(d=situation.steps({}), end=True, end_reason=reason)
    return Trace(situation.agent.act, (), (), 0, "close", thoughts, delta, said)


def _core(concerns: tuple[Concern, ...]) -> Concern | None:
    """The live concern that matters most: a primary one, if there is any."""
    live = [concern for concern in concerns if concern.status in LIVE]
    return max(live, key=lambda concern: (concern.tier == "primary", concern.importance), default=None)


def _touch(concern: Concern | None) -> tuple[ConcernMove, ...]:
    return (ConcernMove(concern.id, "touched"),) if concern and concern.status == "open" else ()


def _resolved(situation: Situation) -> tuple[ConcernMove, ...]:
    settled: ConcernStatus = "resolved"
    return tuple(ConcernMove(one.id, settled) for one in situation.heard() if one.status in LIVE and one.answered)


def _woken(situation: Situation) -> tuple[ConcernMove, ...]:
    """Latent concerns whose trigger was mentioned."""
    said = situation.agent.text.casefold()
    latent = [one for one in situation.profile.target_list if one.status == "latent" and one.trigger]
    return tuple(ConcernMove(one.id, "open") for one in latent if any(word in said for word in one.trigger.casefold().split()))


def _claims(situation: Situation) -> tuple[ClaimUpdate, ...]:
    """New claims in the agent's turn: verified with evidence, else unverified."""
    known = {claim.text for claim in situation.profile.ledgers.claims}
    free = len(situation.profile.ledgers.claims) + 1
    texts = [(situation.scene.facts[fid].text, fid in situation.agent.evidence) for fid in situation.agent.facts]
    new = [(text, proved) for text, proved in texts if text not in known]
    return tuple(
        ClaimUpdate(f"c{free + at}", "verified" if proved else "unverified", text) for at, (text, proved) in enumerate(new)
    )


def _quote(situation: Situation, at: int) -> str:
    """The words of a trap in the agent's turn, as shown: the lie, if the turn has one for each trap, else its first words."""
    text = quotable(situation.agent.text)
    lies = [situation.scene.facts[fid].text for fid in situation.agent.facts if situation.scene.facts[fid].truth == "false"]
    if len(lies) == len(situation.gold):
        found = text.casefold().find(lies[at].casefold())
        if found >= 0:
            return text[found : found + len(lies[at])]
    return text if len(text) <= LAST else text[:LAST].rpartition(" ")[0] or text[:LAST]
