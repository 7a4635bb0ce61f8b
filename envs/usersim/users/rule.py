"""Rule users: what each decides, and how a decision becomes a trace.

| user | decides |
|---|---|
| `Oracle` | by gold labels: counters traps, deals with twins on their merits, asks what it must know, leaves for a reason |
| `AlwaysYes` | agrees to every ask and tells every slot it is asked for |
| `AlwaysNo` | refuses everything, and hangs up as soon as it may |
| `OverCompliant` | as the oracle, but gives in to pressure and traps |
| `RandomUser` | any move, with the deltas and words of that move |

Contract: they read `View.known` of UserSimGym. Only the oracle and the over-compliant look at gold labels. Words depend on the
view and the seed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from envs.base import Utterance, View
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.delta import Commit, ConcernMove, Delta, Disclosed, TrapQuote
from envs.usersim.schema.dynamic_profile import Concern, DynamicProfile
from envs.usersim.schema.enums import FITTING, EndReason, Move, TrapId
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.state.concerns import hear
from envs.usersim.state.scene import Scene
from envs.usersim.state.signs import allowed, rows
from envs.usersim.state.transition import advance
from envs.usersim.trace.render import render
from envs.usersim.trace.sanitise import sanitised
from envs.usersim.trace.trace import Thoughts, Trace
from envs.usersim.users.wording import Voice, voice

LEAVES_FOR: tuple[EndReason, ...] = ("agent_closed", "goal_met", "trust_out", "patience_out", "refused")
"""The reasons for which a rule user ends a call, the weightiest first."""
QUOTED = 60
"""Characters of an agent's turn that are quoted for a trap."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a user decides on."""

    persona: StaticProfile
    profile: DynamicProfile
    scene: Scene
    agents: tuple[AgentTurn, ...]

    @property
    def agent(self) -> AgentTurn:
        return self.agents[-1]

    @property
    def voice(self) -> Voice:
        return voice(self.persona.locale)

    def pick(self, texts: Sequence[str]) -> str:
        """One that depends on the turn."""
        return texts[self.profile.turn % len(texts)]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a user does with its turn."""

    move: Move
    answer: str
    trap: TrapId | None = None
    commit: tuple[Commit, ...] = ()
    disclosed: tuple[Disclosed, ...] = ()
    resolves: bool = True
    """Whether it takes the answers it got for answers."""
    leaves: bool = True
    """Whether it ends the call, if there is a reason."""


class RuleUser:
    """Turns decisions into traces."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(f"usersim user {type(self).__name__} {seed}")

    def decide(self, place: Place) -> Decision:
        raise NotImplementedError

    async def speak(self, view: View) -> Utterance:
        known = view.known
        return Utterance(render(self.trace(Place(known["persona"], known["profile"], known["scene"], known["agents"]))))

    def trace(self, place: Place) -> Trace:
        """The turn that a decision makes."""
        decision = self.decide(place)
        trace = _trace(place, decision)
        if not decision.leaves:
            return trace
        _, report = advance(
            place.profile, place.agent, trace.delta, place.scene, utterance=trace.answer, move=trace.move, touched=trace.touched
        )
        reason = next((reason for reason in LEAVES_FOR if reason in report.holding), None)
        if reason is None:
            return trace
        answer = place.pick(place.voice.bye) if decision.trap is None and decision.move != "refuse" else trace.answer
        move: Move = "close" if decision.trap is None and decision.move != "refuse" else trace.move
        return replace(trace, delta=replace(trace.delta, end=True, end_reason=reason), answer=answer, move=move)


class Oracle(RuleUser):
    """See the module."""

    def decide(self, place: Place) -> Decision:
        agent = place.agent
        if agent.trap is not None and not agent.benign:
            move = FITTING[agent.trap][0]
            return Decision(move, _with_question(place, place.pick(place.voice.says[move])), agent.trap)
        return Decision("ask_clarify", _question(place), leaves=not agent.benign)


class OverCompliant(Oracle):
    """See the module."""

    def decide(self, place: Place) -> Decision:
        agent = place.agent
        gives_in = agent.act == "pressure" or (agent.trap is not None and not agent.benign)
        return _agreed(place) if gives_in else super().decide(place)


class AlwaysYes(RuleUser):
    """See the module."""

    def decide(self, place: Place) -> Decision:
        return replace(_agreed(place), resolves=False)


class AlwaysNo(RuleUser):
    """See the module."""

    def decide(self, place: Place) -> Decision:
        return Decision("refuse", place.pick(place.voice.no), resolves=False)


class RandomUser(RuleUser):
    """See the module."""

    def decide(self, place: Place) -> Decision:
        move: Move = self.rng.choice(tuple(place.voice.says))
        said, leaves = self.rng.choice(place.voice.says[move]), self.rng.random() < 0.5
        return Decision(move, said, resolves=False, leaves=leaves)


USERS: dict[str, type[RuleUser]] = {
    "always_yes": AlwaysYes,
    "always_no": AlwaysNo,
    "random": RandomUser,
    "oracle": Oracle,
    "over_compliant": OverCompliant,
}


def _agreed(place: Place) -> Decision:
    """Yes to whatever is asked."""
    asks = [place.scene.asks[ask] for ask in place.agent.asks]
    commit = tuple(Commit(payload, "", False) for payload in dict.fromkeys(ask.payload for ask in asks))
    slots = [ask.slot for ask in asks if ask.payload == "PII" and ask.slot]
    told = tuple(Disclosed(slot, place.scene.slots[slot].level if slot in place.scene.slots else 2) for slot in slots)
    return Decision("accept", place.pick(place.voice.yes if asks else place.voice.fine), commit=commit, disclosed=told)


def _open(place: Place) -> list[Concern]:
    """Live concerns that the agent's turn does not answer, the weightiest first; primary ones before others."""
    heard = [hear(concern, place.agent) for concern in place.profile.target_list]
    live = [concern for concern in heard if concern.status in ("open", "touched", "partial") and not concern.answered]
    return sorted(live, key=lambda concern: (concern.tier != "primary", -concern.importance))


def _question(place: Place) -> str:
    live = _open(place)
    if not live:
        return place.pick(place.voice.says["ask_clarify"])
    text = place.pick(place.voice.ask).format(concern=live[0].text)
    return text[:1].upper() + text[1:]


def _with_question(place: Place, said: str) -> str:
    """What counters a trap, and the question that was open before it."""
    return f"{said} {_question(place)}" if _open(place) else said


def _trace(place: Place, decision: Decision) -> Trace:
    profile, agent, words = place.profile, place.agent, place.voice
    heard = [hear(concern, agent) for concern in profile.target_list]
    answered = [c.id for c in heard if c.answered and c.status in ("open", "touched", "partial")]
    moves = tuple(ConcernMove(cid, "resolved", "") for cid in answered) if decision.resolves else ()
    traps = (TrapQuote(decision.trap, sanitised(agent.text)[:QUOTED].strip()),) if decision.trap else ()
    delta = Delta(_steps(place, bool(traps)), moves, (), (), decision.commit, decision.disclosed, traps, False, None)
    live = _open(place)
    concern = live[0].text if live else profile.target_list[0].text
    memory = profile.scenario_memory[0].text if profile.scenario_memory else f"{place.persona.expression.phrases[0]}."
    texts = (words.intent, words.concerns.format(concern=concern), words.plan, words.update.format(memory=memory), words.tone)
    touched = tuple(answered) or tuple(c.id for c in live[:1])
    trap_ids = (decision.trap,) if decision.trap else ()
    return Trace(agent.act, trap_ids, touched, 0, decision.move, Thoughts(*texts), delta, decision.answer)


def _steps(place: Place, declared: bool) -> dict[str, int]:
    """The smallest change that the table of signs allows and that is one."""
    signs = allowed(rows(place.agent, place.agents[:-1], place.profile, place.scene, declared))
    steps = {name: -1 if some == "-" else 0 for name, some in signs.items()}
    if not any(steps.values()):
        name, step = next(
            (name, step)
            for name, sign, step in (
                ("participation", "+", 1),
                ("trust", "+", 1),
                ("emotion", "-", -1),
                ("participation", "-", -1),
            )
            if sign in signs[name]
        )
        steps[name] = step
    return steps
