"""TauGym: serve a customer by text, with tools that read and change a database.

Rules (each has a test)
- `[action]` speaks to the customer; `[answer]` calls a tool, `{"name": ..., "arguments": {...}}` or `name: {...}`; `[search]`
  lists the tools or tells how to call them. What goes wrong is answered by one sentence and costs the turn.
- The dialogue ends when the customer's reply ends with the stop marker, at `[finish]`, and with a hand-over to human agents.
  The marker ends, it never pays. What the agent writes cannot hold a marker: the customer hears it without.
- `[finish]` before a word was said to the customer pays nothing, also where nothing had to be done.
- At the end, and only there, 1 is paid if the database is what it is after the right calls on a fresh one, and every required
  output was told (`outputs.py`). At `max_turns` the dialogue is cut off and pays nothing.
- A marker elsewhere, a number nobody mentioned, or leaving before the agent was through is counted (`user_error`).

`strict=False`: outputs and marker count wherever they occur, and a hand-over ends even if it fails.
`finish_evaluates=False`: `[finish]` pays nothing.

Invariants: see `envs.base`. There is no judge: a rule decides. What would be right is in no prompt and no observation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar, Unpack

from envs.base import Judge, Message, Speaker, Task, View
from envs.tau.call import HELP, listed, read_call
from envs.tau.domain import as_json, domain, target
from envs.tau.outputs import told
from envs.tau.prompt import Prompt, agent_prompt, user_prompt
from envs.tau.task import TauTask
from envs.tau.tools import ERROR, TRANSFER, Database, digest
from envs.tau.user import moves_on
from envs.tau.wording import STOP, unmarked
from envs.tool import Call
from envs.turns import Outcome, TurnGym, TurnRules, TurnState

DONE = "Done."
LEFT = "The customer has left."
SILENT = "The customer says nothing."
LISTED = "You have the list already."
HINT = 'Search for "tools" or "help".'
RESPOND = "respond"
"""The tool by which tau-bench's agents speak."""
_DIGITS = re.compile(r"\d+")


@dataclass(slots=True)
class State(TurnState):
    """What changes during an episode, the database aside."""

    dialogue: list[str] = field(default_factory=list)
    """What agent and customer said after the opening, in turn."""
    calls: list[dict[str, Any]] = field(default_factory=list)
    """The calls that worked."""
    listed: bool = False
    solved: bool = False
    user_errors: int = 0


class TauGym(TurnGym):
    """See the module."""

    name: ClassVar[str] = "TauGym"
    choices: ClassVar[tuple[str, ...]] = ("action", "answer", "search", "finish")
    _state: State
    _task: TauTask
    _data: Database

    def __init__(
        self,
        partner: Speaker,
        judge: Judge,
        *,
        show_policy: bool = True,
        finish_evaluates: bool = True,
        strict: bool = True,
        prompt: Prompt = "full",
        **rules: Unpack[TurnRules],
    ) -> None:
        super().__init__(partner, judge, **rules)
        if prompt not in ("short", "full"):
            raise ValueError(f"prompt is {prompt!r}, but it is 'short' or 'full'.")
        self.show_policy, self.finish_evaluates, self.strict = show_policy, finish_evaluates, strict
        self.prompt = prompt
        self.terse = prompt == "short"

    def begin(self, task: Task) -> View:
        if not isinstance(task, TauTask):
            raise TypeError(f"TauGym plays TauTask, not {type(task).__name__}.")
        self._domain = domain(task.visible.domain)
        self._task, self._state, self._data = task, State(), self._domain.fresh()
        policy = self._domain.policy if self.show_policy else ""
        system = agent_prompt(self.prompt, policy, max_turns=self.rules.max_turns)
        return View("agent", system, (Message("user", task.visible.opening),), known=task.visible.model_dump())

    async def play(self, call: Call) -> Outcome:
        if call.choice == "finish":
            spoken = any(self._state.dialogue[::2])
            return self._ended(DONE, pays=spoken) if self.finish_evaluates else Outcome(DONE, over=True)
        if call.choice == "search":
            return self._search(call.content)
        return await (self._say if call.choice == "action" else self._call)(call.content)

    def score(self) -> float:
        return float(self._state.solved)

    def success(self) -> bool:
        return self._state.solved

    def signature(self) -> str:
        hidden = self._task.hidden
        right = [action.model_dump() for action in hidden.actions]
        done = sum(action in self._state.calls for action in right) + sum(map(self._told, hidden.outputs))
        return f"{done} of {len(right) + len(hidden.outputs)}"

    def facts(self) -> dict[str, Any]:
        return {"hidden": self._task.hidden.model_dump()}

    def _search(self, content: str) -> Outcome:
        asked = content.casefold()
        if asked == "help":
            return Outcome(HELP)
        if asked != "tools":
            return Outcome(HINT)
        again, self._state.listed = self._state.listed, True
        return Outcome(LISTED if again else listed(self._domain.tools.values()))

    async def _call(self, content: str) -> Outcome:
        call = read_call(content)
        if isinstance(call, str):
            return Outcome(f"{ERROR}{call}")
        name, arguments = call
        if name == RESPOND and isinstance(arguments.get("content"), str):
            return await self._say(arguments["content"])
        if name not in self._domain.tools:
            return Outcome(f'{ERROR}There is no tool {name!r}; search for "tools".')
        result = self._domain.tools[name].invoke(self._data, arguments)
        worked = not result.startswith(ERROR)
        if worked:
            self._state.calls.append({"name": name, "arguments": arguments})
        if name == TRANSFER and (worked or not self.strict):
            return self._ended(result)
        return Outcome(result, info={"tool": name, "error": not worked})

    async def _say(self, text: str) -> Outcome:
        text = unmarked(text)
        reply = await self.ask_partner(self._user_view(text))
        stops = reply.rstrip().endswith(STOP) if self.strict else STOP in reply
        said = unmarked(reply)
        misplaced = (not said and not stops) or (STOP in reply and not reply.rstrip().endswith(STOP))
        wrong = misplaced or self._invents(said, text)
        self._state.dialogue += [text, said]
        outcome = self._ended(said or LEFT) if stops else Outcome(said or SILENT)
        if wrong or (stops and not self._state.solved and not moves_on(text)):
            self._state.user_errors += 1
            outcome.info["user_error"] = True
        return outcome

    def _ended(self, feedback: str, *, pays: bool = True) -> Outcome:
        """The end of the dialogue, with what it pays."""
        hidden = self._task.hidden
        right = tuple((action.name, action.arguments) for action in hidden.actions)
        stands = digest(self._data) == target(self._task.visible.domain, as_json(right))
        self._state.solved = pays and stands and all(map(self._told, hidden.outputs))
        return Outcome(feedback, float(self._state.solved), over=True, info={"database": stands})

    def _told(self, output: str) -> bool:
        return told(output, self._state.dialogue[::2], strict=self.strict)

    def _user_view(self, text: str) -> View:
        """The whole conversation as the customer has it; what it began with stands in its system prompt."""
        task, heard = self._task, [*self._state.dialogue, text]
        messages = tuple(Message("assistant" if place % 2 else "user", said) for place, said in enumerate(heard))
        known = {
            "domain": task.visible.domain,
            "split": task.split,
            "opening": task.visible.opening,
            "identity": task.hidden.identity,
            "requests": [request.model_dump() for request in task.hidden.requests],
            "instruction": task.hidden.instruction,
        }
        return View("user", user_prompt(self.prompt, task), messages, known=known, fresh=True)

    def _invents(self, reply: str, text: str) -> bool:
        """Whether the customer says a number that it neither knows nor heard."""
        hidden, heard = self._task.hidden, [self._task.visible.opening, *self._state.dialogue, text]
        known = [*hidden.identity.values(), *(value for each in hidden.requests for value in each.slots.values())]
        numbers = set(_DIGITS.findall(" ".join([*known, *heard, hidden.instruction])))
        return not set(_DIGITS.findall(reply)) <= numbers
