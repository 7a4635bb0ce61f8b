"""TravelGym: find out what a traveller wishes for, search, and recommend the cheapest option that fits.

Rules (each has a test; specs/gyms.md 3.6)
- `[action]` speaks to the user; the judge (`travel.act`) says what it is. A concrete question about an open wish makes the user
  reveal it and pays `preference_reward`. Small talk is answered, a question about no wish or a vague one gets a fixed sentence;
  at the `elicitation_interval`-th such turn since a wish was revealed, the user reveals one by itself, which pays nothing.
- `[search]` searches; the judge (`travel.search`) says whether it is right. The first right search of an aspect lists its
  options and pays `search_reward`. Every `search_failure_interval`-th search fails unheard (0: none does).
- `[answer]` takes one option id, or with `answer_by="value"` what the option is like (`choice.py`); a description that several
  different options fit is refused. An aspect is settled by its first answer: the best option pays `best_reward`, another that
  fits `other_reward`, any other id nothing; its open wishes are open no more. Lists are no ids; an aspect that is not wanted is
  refused (`strict=False`, as UserRL: its letter is used up and counts).
- The episode ends when every aspect is settled and at `[finish]`; at `max_turns` it is cut off. Anything malformed costs a
  turn.

Invariants: see `envs.base`. A turn pays from 0 to the largest of the four rewards, which are at most 1, less `turn_cost`. The
score counts answers alone: the mean over aspects of 1, .8 or 0 (specs/gyms.md 9).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any, ClassVar, Literal, Unpack, cast

from envs.base import Judge, Message, Speaker, Task, View
from envs.tool import FINISHES, Call
from envs.travel.catalogue import Aspect
from envs.travel.choice import WAYS, AnswerBy, read_choice
from envs.travel.grammar import is_false
from envs.travel.listing import listing
from envs.travel.prompt import Act, Prompt, agent_prompt, user_prompt
from envs.travel.rules import Terms
from envs.travel.task import Block, Preference, TravelTask
from envs.travel.verdict import ASKED, CHAT, UNAVAILABLE, ActRequest, ActVerdict, SearchRequest, SearchVerdict, Wish
from envs.travel.wording import (
    AGAIN,
    BEST,
    BUSY,
    CHOSEN,
    DESCRIBE,
    DONE,
    FORMAT,
    MISSED,
    NO_WISH,
    NOT_A_SEARCH,
    OTHER,
    SEVERAL,
    STRAY,
    VAGUE,
    WRONG,
)
from envs.turns import Outcome, TurnGym, TurnRules, TurnState

Quality = Literal["best", "other", "wrong"]
WORTH: dict[Quality, Fraction] = {"best": Fraction(1), "other": Fraction(4, 5), "wrong": Fraction(0)}
"""In the score."""
SAID: dict[Quality, str] = {"best": BEST, "other": OTHER, "wrong": WRONG}
FORM: dict[AnswerBy, str] = {"id": FORMAT, "value": DESCRIBE}
"""What is said to an answer that is no choice."""


@dataclass(slots=True)
class State(TurnState):
    """What changes during an episode."""

    searches: int = 0
    found: list[Aspect] = field(default_factory=list)
    """The aspects whose options are known."""
    asked: list[str] = field(default_factory=list)
    """Wishes that were elicited, by id."""
    volunteered: list[str] = field(default_factory=list)
    """Wishes the user revealed by itself."""
    off_topic: int = 0
    """Turns in a row that elicited nothing."""
    settled: dict[Aspect, Quality] = field(default_factory=dict)
    user_errors: int = 0
    """Replies that named another value than the wish's; they change no reward."""


class TravelGym(TurnGym):
    """See the module."""

    name: ClassVar[str] = "TravelGym"
    choices: ClassVar[tuple[str, ...]] = ("action", "search", "answer", "finish")
    userrl_readings: ClassVar[Mapping[str, str]] = FINISHES
    _state: State
    _task: TravelTask

    def __init__(
        self,
        partner: Speaker,
        judge: Judge,
        *,
        search_reward: float = 0.2,
        preference_reward: float = 0.2,
        best_reward: float = 1.0,
        other_reward: float = 0.8,
        elicitation_interval: int = 3,
        search_failure_interval: int = 0,
        strict: bool = True,
        answer_by: AnswerBy = "id",
        prompt: Prompt = "full",
        **rules: Unpack[TurnRules],
    ) -> None:
        super().__init__(partner, judge, **rules)
        self.terms = Terms(
            search_reward,
            preference_reward,
            best_reward,
            other_reward,
            elicitation_interval,
            search_failure_interval,
            strict,
        )
        if prompt not in ("short", "full"):
            raise ValueError(f"prompt is {prompt!r}, but it is 'short' or 'full'.")
        if answer_by not in WAYS:
            raise ValueError(f"answer_by is {answer_by!r}, but it is 'id' or 'value'.")
        self.prompt, self.answer_by = prompt, answer_by
        self.terse = prompt == "short"

    def begin(self, task: Task) -> View:
        if not isinstance(task, TravelTask):
            raise TypeError(f"TravelGym plays TravelTask, not {type(task).__name__}.")
        if self.answer_by == "value" and task.source == "userrl":
            raise ValueError("answer_by is 'value', but what UserRL's options are like is in no catalogue: answer by id.")
        self._task, self._state = task, State()
        self._blocks = {block.aspect: block for block in task.hidden.blocks}
        system = agent_prompt(self.prompt, self.answer_by, max_turns=self.rules.max_turns)
        known = {**task.visible.model_dump(), "answer_by": self.answer_by}
        return View("agent", system, (Message("user", task.visible.opening),), known=known)

    async def play(self, call: Call) -> Outcome:
        if call.choice == "finish":
            return Outcome(DONE, over=True)
        if call.choice == "answer":
            return self._answer(call.content)
        return await (self._search if call.choice == "search" else self._act)(call.content)

    def score(self) -> float:
        settled = self._state.settled
        return float(sum(WORTH[settled[each]] for each in self._blocks if each in settled) / len(self._blocks))

    def success(self) -> bool:
        return all(self._state.settled.get(aspect) == "best" for aspect in self._blocks)

    def signature(self) -> str:
        state = self._state
        return f"{len(state.settled)} settled {len(state.found)} found {len(state.asked) + len(state.volunteered)} told"

    def facts(self) -> dict[str, Any]:
        best = {block.aspect: block.best_id for block in self._task.hidden.blocks}
        return {
            "terms": asdict(self.terms),
            "answer_by": self.answer_by,
            "best": best,
            "wishes": [each.text for each in self._task.hidden.preferences],
        }

    async def _act(self, utterance: str) -> Outcome:
        """The user is asked before anything changes."""
        state, opened = self._state, self._open()
        verdict = await self._judge_act(utterance, opened)
        if verdict.type == ASKED:
            wish = next(each for each in opened if each.id == verdict.preference_id)
            return await self._reveal("tell", wish, utterance, verdict)
        if opened and state.off_topic >= self.terms.elicitation_interval - 1:
            rng = random.Random(f"travel volunteer {self._task.id} {self._seed} {state.turn}")
            return await self._reveal("volunteer", rng.choice(opened), utterance, verdict)
        if verdict.type == CHAT:
            said = await self.ask_partner(self._user_view("chat", None, utterance))
        else:
            said = NO_WISH if verdict.type == UNAVAILABLE else VAGUE
        state.off_topic += 1
        return Outcome(said, source=verdict.source, info={"act": verdict.type})

    async def _reveal(self, act: Act, wish: Preference, utterance: str, verdict: ActVerdict) -> Outcome:
        """The user tells a wish; a value that is not the wish's is counted."""
        said = await self.ask_partner(self._user_view(act, wish, utterance))
        state, false, elicited = self._state, is_false(said, wish), act == "tell"
        (state.asked if elicited else state.volunteered).append(wish.id)
        state.off_topic = 0
        state.user_errors += false
        about: dict[str, Any] = {"act": verdict.type} | ({"user_error": True} if false else {})
        return Outcome(said, self.terms.preference_reward if elicited else 0.0, verdict.source, info=about)

    async def _search(self, query: str) -> Outcome:
        state, interval = self._state, self.terms.search_failure_interval
        if interval and (state.searches + 1) % interval == 0:
            state.searches += 1
            return Outcome(BUSY)
        arguments = {aspect: block.arguments for aspect, block in self._blocks.items()}
        verdict = cast(SearchVerdict, await self.ask_judge(SearchRequest(arguments=arguments, query=query)))
        state.searches += 1
        if verdict.aligned != "true":
            return Outcome(MISSED if verdict.aligned == "false" else NOT_A_SEARCH, source=verdict.source)
        block = next(each for aspect, each in self._blocks.items() if aspect == verdict.aspect)
        if block.aspect in state.found:
            return Outcome(AGAIN, source=verdict.source)
        state.found.append(block.aspect)
        return Outcome(listing(block, self._task.source), self.terms.search_reward, verdict.source)

    def _answer(self, text: str) -> Outcome:
        choice, settled = read_choice(text, self.answer_by), self._state.settled
        if choice is None:
            return Outcome(FORM[self.answer_by])
        aspect, block = choice.aspect, self._blocks.get(choice.aspect)
        if aspect in settled:
            return Outcome(CHOSEN)
        if block is None and self.terms.strict:
            return Outcome(STRAY)
        id = choice.among(block) if block else choice.id
        if id is None:
            return Outcome(SEVERAL)
        quality = _quality(block, id)
        settled[aspect] = quality
        pay = {"best": self.terms.best_reward, "other": self.terms.other_reward, "wrong": 0.0}[quality]
        over = self.success() or len(settled) == len(self._blocks)
        return Outcome(SAID[quality], pay, over=over)

    def _open(self) -> list[Preference]:
        """The wishes that can still be revealed."""
        state = self._state
        told = {*state.asked, *state.volunteered}
        return [each for each in self._task.hidden.preferences if each.id not in told and each.aspect not in state.settled]

    async def _judge_act(self, utterance: str, opened: list[Preference]) -> ActVerdict:
        wishes = tuple(Wish(id=each.id, aspect=each.aspect, topic=each.topic, text=each.text) for each in opened)
        request = ActRequest(situation=self._task.hidden.situation, wishes=wishes, utterance=utterance)
        return cast(ActVerdict, await self.ask_judge(request))

    def _user_view(self, act: Act, wish: Preference | None, utterance: str) -> View:
        known = {"source": self._task.source, "act": act, "preference": wish.model_dump() if wish else None}
        return View("user", user_prompt(self.prompt, act, wish), (Message("user", utterance),), known=known, fresh=True)


def _quality(block: Block | None, id: str) -> Quality:
    if block is None or id not in block.correct_ids:
        return "wrong"
    return "best" if id == block.best_id else "other"
