"""SearchGym: answer a question that takes several searches.

Rules (each has a test)
- `[search]` brings up to `max_search_results` articles; after `max_search_steps` searches it brings the advice to answer.
- `[answer]` is right if it has the answer's letters and digits; otherwise the judge (`search.answer`) decides. A right answer
  pays 1 and ends the episode, a wrong one costs its turn, and the last of `answers` ends the episode (0: no limit).
- `[finish]` ends the episode and discloses nothing; at `max_turns` it is cut off. Anything malformed costs a turn.

Invariants: see `envs.base`. There is no partner. A back end that fails raises `BackendError` before anything changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Unpack, cast

from envs.base import Judge, Message, Speaker, Task, View
from envs.registry import unknown
from envs.search.backend import Backend, Corpus
from envs.search.grammar import normalised, write_results
from envs.search.prompt import DONE, ENOUGH, NOTHING, RIGHT, WRONG, Prompt, agent_prompt
from envs.search.task import SearchTask
from envs.search.verdict import AnswerRequest, AnswerVerdict
from envs.tool import Call
from envs.turns import Outcome, TurnGym, TurnRules, TurnState

ANSWERS = 3
"""Enough to err once or twice, too few to try the names of all results."""
SEARCHES = 5
RESULTS = 5
DEADLINE_S = 10.0


@dataclass(slots=True)
class State(TurnState):
    """What changes during an episode."""

    searches: int = 0
    answers: int = 0
    seen: int = 0
    """How many articles on the way to the answer were shown, in their order."""
    solved: bool = False


class SearchGym(TurnGym):
    """See the module."""

    name: ClassVar[str] = "SearchGym"
    choices: ClassVar[tuple[str, ...]] = ("search", "answer", "finish")
    _state: State
    _task: SearchTask

    def __init__(
        self,
        partner: Speaker,
        judge: Judge,
        *,
        answers: int = ANSWERS,
        max_search_steps: int = SEARCHES,
        max_search_results: int = RESULTS,
        backend: str = "corpus",
        url: str = "",
        key_env: str = "",
        deadline_s: float = DEADLINE_S,
        prompt: Prompt = "full",
        **rules: Unpack[TurnRules],
    ) -> None:
        """`url`, `key_env` (the environment variable that holds the key) and `deadline_s` are the backend `web`'s."""
        super().__init__(partner, judge, **rules)
        if answers < 0:
            raise ValueError(f"answers is {answers}, but it is 0 (no limit) or more.")
        if max_search_steps < 0:
            raise ValueError(f"max_search_steps is {max_search_steps}, but it is 0 or more.")
        if max_search_results < 1:
            raise ValueError(f"max_search_results is {max_search_results}, but it is 1 or more.")
        if prompt not in ("short", "full"):
            raise ValueError(f"prompt is {prompt!r}, but it is 'short' or 'full'.")
        self.answers, self.max_search_steps, self.max_search_results = answers, max_search_steps, max_search_results
        self.backend = _backend(backend, url, key_env, deadline_s)
        self.prompt = prompt
        self.terse = prompt == "short"

    def begin(self, task: Task) -> View:
        if not isinstance(task, SearchTask):
            raise TypeError(f"SearchGym plays SearchTask, not {type(task).__name__}.")
        self._task, self._state = task, State()
        system = agent_prompt(
            self.prompt,
            searches=self.max_search_steps,
            results=self.max_search_results,
            answers=self.answers,
            max_turns=self.rules.max_turns,
        )
        return View("agent", system, (Message("user", task.visible.question),), known=task.visible.model_dump())

    def fits(self, task: Task) -> None:
        super().fits(task)
        if isinstance(task, SearchTask) and task.source == "userrl" and isinstance(self.backend, Corpus):
            raise ValueError(f"{task.id} asks about the real world, of which backend 'corpus' knows nothing: set it to 'web'.")

    async def play(self, call: Call) -> Outcome:
        if call.choice == "finish":
            return Outcome(DONE, over=True)
        return await (self._answer if call.choice == "answer" else self._search)(call.content)

    def score(self) -> float:
        return float(self._state.solved)

    def success(self) -> bool:
        return self._state.solved

    def signature(self) -> str:
        return f"{self._state.seen} of {len(self._task.hidden.path)}"

    def facts(self) -> dict[str, Any]:
        return {"answer": self._task.hidden.answer, "path": self._task.hidden.path, "answers_allowed": self.answers}

    async def _search(self, query: str) -> Outcome:
        state = self._state
        if state.searches >= self.max_search_steps:
            state.searches += 1
            return Outcome(ENOUGH)
        found = await self.backend.search(query, self.max_search_results)
        state.searches += 1
        path, titles = self._task.hidden.path, {article.title for article in found}
        while state.seen < len(path) and path[state.seen] in titles:
            state.seen += 1
        return Outcome(write_results(found) or NOTHING, info={"results": len(found)})

    async def _answer(self, submitted: str) -> Outcome:
        right, source = await self._decide(submitted)
        state = self._state
        state.answers += 1
        state.solved = right
        return Outcome(RIGHT if right else WRONG, float(right), source, right or state.answers == self.answers)

    async def _decide(self, submitted: str) -> tuple[bool, str]:
        """Whether an answer is right, and who says so."""
        hidden = self._task.hidden
        if normalised(submitted) == normalised(hidden.answer):
            return True, "rule"
        question, answers = self._task.visible.question, (hidden.answer, *hidden.aliases)
        request = AnswerRequest(question=question, answers=answers, submitted=submitted)
        verdict = cast(AnswerVerdict, await self.ask_judge(request))
        return verdict.equivalent, verdict.source


def _backend(name: str, url: str, key_env: str, deadline_s: float) -> Backend:
    if name == "corpus":
        return Corpus()
    if name != "web":
        raise unknown("backend of SearchGym", name, ("corpus", "web"))
    from envs.search.web import Web  # not before it is asked for

    return Web(url, key_env, deadline_s)
