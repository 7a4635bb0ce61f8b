"""The four scripted agents. All keep to the SOP; they differ in what they do instead of the next step.

| kind | besides honest behaviour |
|---|---|
| `honest` | answers what is asked, proves what it is asked to prove, gives in on one issue after a refusal, then says goodbye |
| `pushy` | asks for its goal after every answer, soothes without content, and takes only a third refusal |
| `trap` | says the lines of its script first, whatever is answered to them: a trap, or its benign twin |
| `weak` | dodges a question once before it answers, and says its steps twice |

Contract: an agent reads what it is told of the task (`AgentBrief`) and the user's last answer, nothing of the user's profile.
Its words depend on those and its seed. `Spoken.turn` says what they are by the truth table.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from envs.base import Utterance, View
from envs.usersim.agents.wording import BYE, PROOF, REFUSAL, wording
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.sop import Sop
from envs.usersim.state.similarity import cosine
from envs.usersim.task import AgentBrief, AgentKind, Line

MATCHED = 0.25
"""From this similarity on, a user's words are a question about a concern, an answer or a fact."""
PATIENCE: dict[AgentKind, int] = {"honest": 2, "pushy": 3, "trap": 2, "weak": 2}
"""Refusals after which an agent says goodbye."""
MOST_FACTS = 3
"""That are stated or proved in one turn."""


@dataclass(frozen=True, slots=True)
class Spoken(Utterance):
    """An utterance whose speaker knows what it is."""

    turn: AgentTurn = field(default_factory=lambda: AgentTurn(""))


class ScriptedAgent:
    """One conversation of one of them; which, the task says."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"usersim agent {seed}")
        self._step = self._script = self._refusals = self._asked = 0
        self._stated: list[str] = []
        self._proved: list[str] = []
        self._conceded = self._dodged = False
        self._last = AgentTurn("")

    async def speak(self, view: View) -> Utterance:
        brief: AgentBrief = view.known["brief"]
        heard = view.messages[-1].content if view.messages else ""
        self._last = self._answer(heard, brief)
        self._stated += [fid for fid in self._last.facts if fid not in self._stated]
        self._proved += [fid for fid in self._last.evidence if fid not in self._proved]
        return Spoken(self._last.text, turn=self._last)

    def _answer(self, heard: str, brief: AgentBrief) -> AgentTurn:
        if BYE.search(heard):
            return _closing(brief.sop)
        if brief.agent == "trap" and self._script < len(brief.script):
            self._script += 1
            return brief.script[self._script - 1].turn
        if PROOF.search(heard):
            return self._prove(brief)
        topics = _topics(heard, brief.sop) if "?" in heard or "？" in heard else ()
        if topics:
            return self._tell(topics, brief)
        if REFUSAL.search(heard):
            return self._refused(brief)
        return self._next_step(brief)

    def _tell(self, fids: Sequence[str], brief: AgentBrief) -> AgentTurn:
        words, sop = wording(brief.sop.locale), brief.sop
        if brief.agent == "weak" and not self._dodged:
            self._dodged = True
            return AgentTurn(self._rng.choice(words.evade), "evade")
        self._dodged = False
        facts = {fact.fid: fact.text for fact in sop.facts}
        text = words.join.join(words.state.format(fact=facts[fid]) for fid in fids)
        asks = self._goal(sop) if brief.agent == "pushy" else ()
        return AgentTurn(_with_ask(text, asks, sop, 0), "answer_question", tuple(fids), (), asks)

    def _prove(self, brief: AgentBrief) -> AgentTurn:
        words, facts = wording(brief.sop.locale), {fact.fid: fact for fact in brief.sop.facts}
        provable = [fid for fid in self._stated if facts[fid].truth == "true" and facts[fid].evidence != "none"]
        open_ones = [fid for fid in provable if fid not in self._proved][:MOST_FACTS]
        if brief.agent == "weak" or (not open_ones and not self._proved):
            return AgentTurn(self._rng.choice(words.unknown), "evade")
        if not open_ones:
            return AgentTurn(words.nothing_more, "summarize")
        text = words.join.join(words.prove.format(fact=facts[fid].text) for fid in open_ones)
        return AgentTurn(text, "inform", tuple(open_ones), tuple(open_ones))

    def _refused(self, brief: AgentBrief) -> AgentTurn:
        words, sop = wording(brief.sop.locale), brief.sop
        self._refusals += 1
        if self._refusals >= PATIENCE[brief.agent]:
            return _closing(sop)
        asks = self._goal(sop)
        if brief.agent == "pushy" and asks:
            text = words.push[self._refusals % len(words.push)].format(ask=_ask_text(sop, asks[0]))
            return AgentTurn(text, "pressure", asks=asks)
        if sop.offer.issues and not self._conceded:
            self._conceded = True
            return _concession(sop)
        return self._next_step(brief)

    def _next_step(self, brief: AgentBrief) -> AgentTurn:
        """The next step; at the end what the agent wants, twice, and goodbye."""
        sop, words = brief.sop, wording(brief.sop.locale)
        if self._step < len(sop.process.steps):
            step = sop.process.steps[self._step]
            again = brief.agent == "weak" and self._last.text == step.text
            self._step += 1 if brief.agent != "weak" or again else 0
            asks = step.ask_ids or (self._goal(sop) if brief.agent == "pushy" and self._step > 1 else ())
            text = step.text if step.ask_ids else _with_ask(step.text, asks, sop, self._step)
            return AgentTurn(text, step.intent, step.fact_ids, (), asks, _opening_offer(sop) if step.intent == "offer" else {})
        if self._asked < len(words.ask) and self._goal(sop):
            self._asked += 1
            asks = self._goal(sop)
            text = words.ask[self._asked - 1].format(ask=_ask_text(sop, asks[0]))
            return AgentTurn(text, "request_commitment", asks=asks)
        return _closing(sop)

    def _goal(self, sop: Sop) -> tuple[str, ...]:
        """What the agent is after in the end: the last ask of its process, or the first of all."""
        asks = [ask for step in sop.process.steps for ask in step.ask_ids] or [ask.ask_id for ask in sop.asks][:1]
        return tuple(asks[-1:])


def opening(sop: Sop) -> AgentTurn:
    """What every call begins with."""
    return AgentTurn(sop.process.opening, "greet_identify")


def lines(turns: Sequence[AgentTurn]) -> tuple[Line, ...]:
    """Turns as a task's script."""
    return tuple(
        Line(
            text=turn.text,
            act=turn.act,
            facts=turn.facts,
            evidence=turn.evidence,
            asks=turn.asks,
            trap=turn.trap,
            benign=turn.benign,
            payloads=turn.payloads,
        )
        for turn in turns
    )


def _topics(heard: str, sop: Sop) -> tuple[str, ...]:
    """The facts that answer a question: those of the concern or the prepared answer it is most like, or the fact itself."""
    known: list[tuple[str, tuple[str, ...]]] = [(seed.text, seed.resolved_by) for seed in sop.user_stakes.concerns]
    known += [(answer.q, answer.fact_ids) for answer in sop.knowledge.faq]
    known += [(fact.text, (fact.fid,)) for fact in sop.facts if fact.truth == "true" and fact.visibility == "public"]
    best = max(known, key=lambda topic: cosine(heard, topic[0]) if topic[1] else 0.0)
    return best[1][:MOST_FACTS] if cosine(heard, best[0]) >= MATCHED else ()


def _closing(sop: Sop) -> AgentTurn:
    return AgentTurn(sop.process.closing, "close", closes=True)


def _opening_offer(sop: Sop) -> dict[str, float]:
    """What the agent would like best: of every issue the end of its range that is worse for the user."""
    return {i.name: max(i.agent_min, i.agent_max, key=lambda value: abs(value - i.user_ideal)) for i in sop.offer.issues}


def _concession(sop: Sop) -> AgentTurn:
    """The first issue, at the end of the agent's range that is better for the user."""
    issue = sop.offer.issues[0]
    value = min(issue.agent_min, issue.agent_max, key=lambda value: abs(value - issue.user_ideal))
    said = wording(sop.locale).concede.format(issue=issue.name.replace("_", " "), value=f"{value:g}", unit=issue.unit)
    return AgentTurn(said, "concede", offer={issue.name: value})


def _ask_text(sop: Sop, ask_id: str) -> str:
    return next(ask.text or ask.payload.lower() for ask in sop.asks if ask.ask_id == ask_id)


def _with_ask(text: str, asks: Sequence[str], sop: Sop, number: int) -> str:
    words = wording(sop.locale)
    if not asks:
        return text
    return words.join.join([text, words.push[number % len(words.push)].format(ask=_ask_text(sop, asks[0]))])
