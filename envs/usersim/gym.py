"""UserSimGym: the acting role is the user, who is called by an agent. What it says, thought and state included, is the action.

Rules (each has a test)
- A turn is parsed strictly. A turn that is broken (hard or fatal) changes nothing, is heard by nobody and pays its own price;
  the user is told what is wrong with it. Of any other the agent hears the `<answer>` and nothing else.
- `env` is R of section 10.4, by `rubric` with its judged part or without, or the sum that `pay: paper` asks for; each part is a
  named reward, `outcome` is B_out. Beside a judge the truth table and the ledgers decide, never the agent's words: only what a
  scripted agent does is labelled, of others it is read by rule. A broken turn is not judged.
- The call ends when the user ends it, rightly or not, when it overstays, or at `max_turns`, at most the SOP's.

Score: that of `score.py`, and 0 without an end for a reason that holds.

Invariants: see `envs.base`. The gym draws nothing: the profile at pick-up is the task's, the rest is replayed from the words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Unpack

from envs.base import Judge, Message, PartnerSilent, Role, Speaker, Task, View
from envs.tool import Call
from envs.turns import Outcome, TurnGym, TurnRules, TurnState
from envs.usersim.agents.scripted import Spoken, opening
from envs.usersim.outcome import BONUS, outcome
from envs.usersim.outcome import Outcome as Came
from envs.usersim.prompt import Prompt, StateMode, agent_system, form_of, heard, user_view
from envs.usersim.rewards import BROKEN, CITE_EVERY, cites, composed, paper, r_rub, turn_rewards
from envs.usersim.rubric.asking import Judged, marks
from envs.usersim.rubric.dimensions import DIMENSIONS, PAPER, Dimension
from envs.usersim.rubric.verdict import Mark
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.dynamic_profile import DynamicProfile
from envs.usersim.schema.enums import ARCHITECTURES, Architecture
from envs.usersim.score import score
from envs.usersim.state.excitation import Gate, gates
from envs.usersim.state.reading import read
from envs.usersim.state.scene import Scene
from envs.usersim.state.signs import rows, v_state
from envs.usersim.state.transition import advance
from envs.usersim.task import UserSimTask
from envs.usersim.trace.context import Context
from envs.usersim.trace.errors import Code, Level
from envs.usersim.trace.parser import parse
from envs.usersim.trace.trace import ParseResult, Trace
from envs.verdicts import RuleJudge

Pay = Literal["composed", "paper"]
PAYS = ("composed", "paper")
OVER = "The call is over."
ENDED = {"premature": "You hung up without a reason that holds.", "overstay": "You stayed on until the line was cut."}
STAGES = ((6, "6+"), (3, "3-5"), (1, "1-2"), (0, "0"))
"""User turns made -> progress label; the first that is reached counts."""


@dataclass(frozen=True, slots=True)
class Read:
    """How a turn of the user was read, for `envs.usersim.metrics`; of one that nobody heard only what was wrong with it."""

    level: str
    errors: tuple[str, ...]
    move: str = ""
    v_state: float | None = None
    worth: float | None = None
    """Of the offer on the table, to the user."""


@dataclass(slots=True)
class State(TurnState):
    """What changes during a call."""

    broken: int = 0
    """Turns that could not be read."""
    answers: list[str] = field(default_factory=list)
    outcomes: list[Came] = field(default_factory=list)
    read: list[Read] = field(default_factory=list)
    """Every turn, heard or not."""
    cited: int = 0
    """Turns since memory or persona was last cited."""
    ending: str = ""
    """`legal`, `premature` or `overstay`, once the user's part is over."""


class UserSimGym(TurnGym):
    """See the module."""

    name: ClassVar[str] = "UserSimGym"
    acting: ClassVar[Role] = "user"
    fresh: ClassVar[bool] = True
    choices: ClassVar[tuple[str, ...]] = ()
    rewards: ClassVar[tuple[str, ...]] = (
        *("env", "fmt", "field", "len", "state", "ledger", "rep", "minlen", "over", "outcome"),
        *DIMENSIONS,
    )
    _state: State
    _task: UserSimTask

    def __init__(
        self,
        partner: Speaker,
        judge: Judge,
        *,
        prompt: Prompt = "full",
        state_mode: StateMode = "delta",
        architecture: Architecture | None = None,
        gate: bool = True,
        rubric: bool = False,
        pay: Pay = "composed",
        **rules: Unpack[TurnRules],
    ) -> None:
        """`prompt`: how a turn is written; `state_mode`: whether it says what changes or, as the paper does, its whole profile
        anew; `architecture`: not the task's; `gate`: whether new concerns take its leave; `rubric`: whether a judge, a model,
        scores every turn that is heard; `pay`: what `env` is."""
        super().__init__(partner, judge, **rules)
        if architecture is not None and architecture not in ARCHITECTURES:
            raise ValueError(f"architecture is {architecture!r}, but it is one of {', '.join(ARCHITECTURES)}.")
        for name, value in {"gate": gate, "rubric": rubric}.items():
            if not isinstance(value, bool):
                raise ValueError(f"{name} is {value!r}, but it is true or false.")
        if pay not in PAYS:
            raise ValueError(f"pay is {pay!r}, but it is one of {', '.join(PAYS)}.")
        self.architecture, self.gate = architecture, gate
        self.rubric, self.pay = rubric, pay
        self._dimensions = DIMENSIONS if pay == "composed" else PAPER
        self.prompt = form_of(prompt, state_mode)

    def begin(self, task: Task) -> View:
        if not isinstance(task, UserSimTask):
            raise TypeError(f"{self.name} plays UserSimTask, not {type(task).__name__}.")
        self._task, self._state = task, State()
        self._scene = Scene.of(task.persona, task.sop)
        self._profile = task.start.but(architecture=self.architecture or task.architecture)
        self._agents = [opening(task.sop)]
        self._look()
        return self._view

    def most_verdicts(self) -> int:
        return len(self._dimensions) if self.rubric else 0

    def fits(self, task: Task) -> None:
        super().fits(task)
        if self.rubric and isinstance(self.judge, RuleJudge):
            raise ValueError(f"rubric is true, but no rule can judge {self.name}'s rubric: the judge must be a model.")

    async def play(self, call: Call) -> Outcome:
        found = parse(call.content, self._context, profile=self.prompt)
        return await self._spoken(found.trace, found) if found.trace else self._broken(found)

    def idle(self, reason: str) -> Outcome:
        """Without a tool the only refusal is that of a turn that was cut off."""
        return self._broken(parse("", self._context, truncated=True, profile=self.prompt))

    def next_view(self, view: View, heard: Message) -> View:
        """The profile and the call as they are now, with what was heard last; after a broken turn that is what was wrong."""
        before = self._view.messages if self._wrong else self._view.messages[:-1]
        return replace(self._view, messages=(*before, heard))

    def most_turns(self) -> int:
        return min(self.rules.max_turns, self._task.sop.process.max_turns)

    def score(self) -> float:
        if self._state.ending != "legal":
            return 0.0
        return score(self._task, self._profile, self._agents, self._state.answers, self._state.outcomes)

    def success(self) -> bool:
        return self.score() == 1.0

    def signature(self) -> str:
        made = next(label for least, label in STAGES if self._state.turn >= least)
        open_ones = sum(c.tier == "primary" and c.status != "resolved" for c in self._profile.target_list)
        return f"turns {made}, primary {open_ones}, traps {len(self._profile.ledgers.traps)}"

    def facts(self) -> dict[str, Any]:
        return {"agent": self._task.agent, "prompt": self.prompt, "gate": self.gate, "profile": self._profile.dump()}

    @property
    def profile(self) -> DynamicProfile:
        """As it is before the user's next turn."""
        return self._profile

    @property
    def agents(self) -> tuple[AgentTurn, ...]:
        """The agent's turns so far, with what they are by the truth table."""
        return tuple(self._agents)

    def _look(self) -> None:
        """What the user sees and what its next turn is read against."""
        said = list(zip(self._agents[:-1], self._state.answers, strict=True))
        self._wrong = False
        self._gates: tuple[Gate, ...] = gates(self._agents[-1], self._profile, self._scene)
        self._context = Context.of(self._task.persona, self._profile, self._scene, self._agents)
        allowed: tuple[Gate, ...] = self._gates if self.gate else ("g1",)
        task = self._task
        view = user_view(task.persona, self._profile, said, self._agents[-1], allowed, self.prompt, task.sop.initiator)
        known = {
            "persona": self._task.persona,
            "sop": self._task.sop,
            "profile": self._profile,
            "scene": self._scene,
            "agents": self.agents,
            "said": tuple(self._state.answers),
            "form": self.prompt,
        }
        self._view = View(view.role, view.system, view.messages, known=known, fresh=True)

    async def _spoken(self, trace: Trace, found: ParseResult) -> Outcome:
        """A turn that says something. Nothing changes before the agent has answered."""
        excited = bool(self._gates) or not self.gate
        before, agent = self._profile, self._agents[-1]
        after, report = advance(
            before,
            agent,
            trace.delta,
            self._scene,
            utterance=trace.answer,
            move=trace.move,
            touched=trace.touched,
            excited=excited,
        )
        reply = await self._reply(trace) if after.clock.ended is None else None
        came = outcome(self._agents, trace.answer, trace.move, trace.delta, after.ledgers, after.turn, self._scene)
        judged = await self._judged(trace) if self.rubric else {}
        paid, parts = self._paid(trace, found, before, after, report.premature, came, judged)
        self._profile = after
        self._state.answers.append(trace.answer)
        self._state.outcomes.append(came)
        errors = [error.code.name for error in found.errors]
        offer = after.ledgers.offer
        worth = None if offer is None else offer.utility
        self._state.read.append(Read(found.level.name, tuple(errors), trace.move, parts["state"], worth))
        info = {"level": found.level.name, "errors": errors, "outcome": came, "rejected": list(report.rejected)}
        if judged:
            info["capped"] = [dimension for dimension, mark in judged.items() if mark.capped]
        signed: dict[str, str] = {dimension: mark.source for dimension, mark in judged.items()}
        signed |= {"env": next(iter(signed.values()))} if signed else {}
        if reply is None:
            self._state.ending = "premature" if report.premature else "overstay" if report.overstay else "legal"
            return Outcome(ENDED.get(self._state.ending, OVER), paid, over=True, info=info, parts=parts, signed=signed)
        self._agents.append(reply)
        self._look()
        return Outcome(heard(reply.text).content, paid, info=info, parts=parts, signed=signed)

    async def _judged(self, trace: Trace) -> dict[Dimension, Mark]:
        """The rubric of a turn. Raises JudgeError, and nothing has changed."""
        state, task = self._state, self._task
        key = f"{task.id} {self._seed} {state.turn}"
        turn = Judged(trace, task.persona, self._profile, self._agents, state.answers, self._scene, key)
        return await marks(turn, self._dimensions, self.ask_judge)

    def _paid(
        self,
        trace: Trace,
        found: ParseResult,
        before: DynamicProfile,
        after: DynamicProfile,
        premature: bool,
        came: Came,
        judged: Mapping[Dimension, Mark],
    ) -> tuple[float, dict[str, float]]:
        """R of the turn and its parts."""
        task, state = self._task, self._state
        *earlier, agent = self._agents
        state.cited = 0 if cites(trace.thoughts, task.persona, before) else state.cited + 1
        soft = len(found.errors) + (premature and not any(error.code is Code.E19 for error in found.errors))
        traps = [trap.id for trap in trace.delta.traps]
        valid = v_state(trace.delta.d, rows(agent, earlier, before, self._scene, bool(traps)), traps)
        lately, names = state.cited < CITE_EVERY, self._scene.names
        parts = turn_rewards(trace, soft, task.persona, before, after, valid, state.answers, lately, names)
        shares: dict[str, float] = {dimension: mark.share for dimension, mark in judged.items()}
        if self.pay == "paper":
            paid = paper(parts, shares)
        else:
            rubric = r_rub(shares) if shares else None
            paid = composed(Level.SOFT if soft else Level.OK, parts.total, BONUS[came], rubric, parts.over)
        return paid, {**parts.parts(), "outcome": BONUS[came], **shares}

    def _broken(self, found: ParseResult) -> Outcome:
        """A turn that nobody hears; what is wrong with it is said, so that it can be said better."""
        self._state.broken += 1
        self._wrong = True
        wrong = "; ".join(map(str, found.errors))
        errors = [error.code.name for error in found.errors]
        self._state.read.append(Read(found.level.name, tuple(errors)))
        info = {"level": found.level.name, "errors": errors, "outcome": "none"}
        return Outcome(f"That was not heard. {wrong}", 0.0 if self.pay == "paper" else BROKEN[found.level], info=info)

    async def _reply(self, trace: Trace) -> AgentTurn:
        """What the agent says to an answer, and what that is. Raises PartnerSilent."""
        task = self._task
        view = View(
            "agent", agent_system(task.sop, self._agents[0].text), (Message("user", trace.answer),), known={"brief": task.brief}
        )
        said = await self.partner.speak(view)
        if said.finish == "context_full":
            raise PartnerSilent("the agent's context is full: rollout.max_context is too small for its SOP")
        if isinstance(said, Spoken):
            return said.turn
        return read(said.text, "?" in trace.answer or "？" in trace.answer, self._scene)
