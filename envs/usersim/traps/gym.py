"""TrapGym: the trap bank's items, for whoever plays a user by its words: a model, an endpoint, or a rule user that writes.

Rules
- An episode is an item's window, or the ladder of a trap from the first hint on. What was said before is shown, nothing gold.
- A turn is read by the strict parser. One that is broken, or cut off, ends the episode: by the bank's rules nothing after it
  counts. Nobody is told what is wrong with it.
- Nothing is paid: it is a benchmark. The score is TrapScore of a trap or a stack, of a twin whether it was handled, and of an
  ordinary item whether no trap was declared.

Invariants
- The agent's lines are the item's, whatever is answered: no partner is asked.
- The words alone say what was played: `play(item, recorded(texts, form), architecture=...)` finds it all again, and that is
  what is scored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Unpack

from envs.base import Judge, Message, Role, Speaker, Split, Task, View
from envs.tool import Call
from envs.turns import Outcome, TurnGym, TurnRules, TurnState
from envs.usersim.data import sops
from envs.usersim.prompt import Prompt, StateMode, form_of, heard, user_view
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.enums import ARCHITECTURES, Architecture
from envs.usersim.state.excitation import gates
from envs.usersim.trace.context import Context
from envs.usersim.trace.parser import parse
from envs.usersim.trace.trace import ParseResult, Profile, Trace
from envs.usersim.traps.bank import bank
from envs.usersim.traps.item import Line, TrapItem
from envs.usersim.traps.play import Played, addressed, answered, following, situation, steps
from envs.usersim.traps.scoring import score
from envs.usersim.users.situation import Situation

NAME = "TrapGym"
OVER = "The item is over."


class TrapTask(Task):
    """An item, or the ladder of a trap."""

    gym: Literal["TrapGym"] = "TrapGym"
    item: TrapItem
    ladder: bool = False

    @classmethod
    def of(cls, item: TrapItem, *, ladder: bool = False) -> TrapTask:
        split: Split = "train" if item.split == "train" else "heldout"
        return cls(id=f"{item.item_id}.ladder" if ladder else item.item_id, split=split, item=item, ladder=ladder)


@dataclass(slots=True)
class State(TurnState):
    """What changes during an item."""

    said: list[str | None] = field(default_factory=list)
    """The raw text of each turn; None where it was cut off."""
    errors: list[list[str]] = field(default_factory=list)
    """What was wrong with each turn, as codes."""


class TrapGym(TurnGym):
    """See the module."""

    name: ClassVar[str] = NAME
    acting: ClassVar[Role] = "user"
    choices: ClassVar[tuple[str, ...]] = ()
    _state: State
    _task: TrapTask

    def __init__(
        self,
        partner: Speaker,
        judge: Judge,
        *,
        prompt: Prompt = "full",
        state_mode: StateMode = "delta",
        architecture: Architecture | None = None,
        **rules: Unpack[TurnRules],
    ) -> None:
        """`prompt`, `state_mode` and `architecture`: how a turn is written and what is shown, as in UserSimGym."""
        super().__init__(partner, judge, **rules)
        if architecture is not None and architecture not in ARCHITECTURES:
            raise ValueError(f"architecture is {architecture!r}, but it is one of {', '.join(ARCHITECTURES)}.")
        self.architecture = architecture
        self.prompt = form_of(prompt, state_mode)

    def begin(self, task: Task) -> View:
        if not isinstance(task, TrapTask):
            raise TypeError(f"{self.name} plays TrapTask, not {type(task).__name__}.")
        self._task, self._state = task, State()
        self._steps = list(steps(task.item, ladder=task.ladder))
        self._played: list[Played] = []
        self._place = addressed(situation(task.item, architecture=self.architecture), self._steps[0])
        return self._view()

    async def play(self, call: Call) -> Outcome:
        return self._answered(call.content)

    def idle(self, reason: str) -> Outcome:
        """Without a tool the only refusal is that of a turn that was cut off."""
        return self._answered(None)

    def next_view(self, view: View, heard: Message) -> View:
        return self._view()

    def score(self) -> float:
        if not self._played:
            return 0.0
        found = score(self._task.item, self._played)
        if found.traps:
            return found.trap_score
        return found.detect if found.handled is None else float(found.handled)

    def success(self) -> bool:
        return self.score() == 1.0

    def signature(self) -> str:
        return f"turns {self._state.turn}"

    def facts(self) -> dict[str, Any]:
        return {"prompt": self.prompt, "architecture": self.architecture, "ladder": self._task.ladder}

    def _answered(self, text: str | None) -> Outcome:
        found = _read(text, self._place, self.prompt)
        done = answered(self._place, found.trace)
        self._played.append(done)
        self._state.said.append(text)
        self._state.errors.append([error.code.name for error in found.errors])
        after = following(self._place, done)
        if after is None or len(self._played) == len(self._steps):
            return Outcome(OVER, over=True)
        self._place = addressed(after, self._steps[len(self._played)])
        return Outcome(heard(self._place.agent.text).content)

    def _view(self) -> View:
        """Everything before the user's next turn."""
        place, item = self._place, self._task.item
        history = item.opening if self._task.ladder else item.history
        said = [*_exchanges(history), *zip(place.agents[:-1], place.said, strict=True)]
        allowed = gates(place.agent, place.profile, place.scene)
        view = user_view(place.persona, place.profile, said, place.agent, allowed, self.prompt, place.sop.initiator)
        known = {name: getattr(place, name) for name in ("persona", "sop", "profile", "scene", "agents", "said", "also")}
        return View(view.role, view.system, view.messages, known={**known, "form": self.prompt}, fresh=True)


def recorded(texts: Sequence[str | None], form: Profile) -> Callable[[Situation], Trace | None]:
    """The user that said these texts, one turn after the other; None stands for one that was cut off."""
    left = iter(texts)

    return lambda place: _read(next(left), place, form).trace


def _read(text: str | None, place: Situation, form: Profile) -> ParseResult:
    context = Context.of(place.persona, place.profile, place.scene, place.agents)
    return parse(text or "", context, truncated=text is None, profile=form)


def load(split: Split, *, part: sops.Split = "test", locale: str = "en-US") -> list[TrapTask]:
    """Everything of one of the data's splits; `part` is which of them is held out."""
    return tasks(bank("train" if split == "train" else part, locale))


def tasks(items: Iterable[TrapItem]) -> list[TrapTask]:
    """What a user plays of items: each one, and after a trap its ladder."""
    return [task for item in items for task in _tasks(item)]


def _tasks(item: TrapItem) -> Iterator[TrapTask]:
    yield TrapTask.of(item)
    if item.kind == "trap":
        yield TrapTask.of(item, ladder=True)


def _exchanges(lines: Sequence[Line]) -> list[tuple[AgentTurn, str]]:
    """What was said before, the agent first, turn about."""
    return [(AgentTurn(one.text), other.text) for one, other in zip(lines[::2], lines[1::2], strict=True)]
