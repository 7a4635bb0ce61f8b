"""KeysGym: find out where the keys are. `[action]` asks about a room; `[answer]` names it, ends the episode and pays 1."""

from __future__ import annotations

from dataclasses import dataclass

from envs.base import Message, Split, Task, Utterance, View
from envs.text import words
from envs.tool import Call
from envs.turns import Outcome, TurnGym, TurnState

ROOMS = ("attic", "bathroom", "cellar", "garage", "hall", "kitchen")
YES, NO = "Yes.", "No."
STORIES: dict[Split, dict[str, str]] = {
    "train": {"The baker is late.": "cellar", "A nurse came home.": "hall", "The twins went fishing.": "cellar"},
    "heldout": {"The singer cannot leave.": "attic", "My uncle has a day off.": "kitchen"},
}
PROMPT = f"Find the keys. Ask about one room at a time, then answer with the room's name. The rooms: {', '.join(ROOMS)}."


class KeysTask(Task):
    story: str
    room: str


def load(split: Split) -> list[KeysTask]:
    told = enumerate(STORIES[split].items())
    return [KeysTask(id=f"keys-{split}-{n}", gym="KeysGym", split=split, story=story, room=room) for n, (story, room) in told]


def truth(question: str, room: str) -> str:
    return YES if [word for word in words(question) if word in ROOMS] == [room] else NO


class KeysUser:
    async def speak(self, view: View) -> Utterance:
        return Utterance(truth(view.messages[-1].content, view.known["room"]))


@dataclass(slots=True)
class State(TurnState):
    asked: int = 0
    found: bool = False


class KeysGym(TurnGym):
    name = "KeysGym"
    _state: State
    _task: KeysTask

    def begin(self, task: Task) -> View:
        if not isinstance(task, KeysTask):
            raise TypeError(f"KeysGym plays KeysTask, not {type(task).__name__}.")
        self._task, self._state = task, State()
        return View("agent", PROMPT, (Message("user", task.story),))

    async def play(self, call: Call) -> Outcome:
        if call.choice == "finish":
            return Outcome("Done.", over=True)
        if call.choice == "action":
            return await self._ask(call.content)
        self._state.found = words(call.content) == (self._task.room,)
        return Outcome("Right." if self._state.found else "Wrong.", float(self._state.found), over=True)

    async def _ask(self, question: str) -> Outcome:
        room = self._task.room
        profile = f"You left the keys in the {room}. Asked about a room, say {YES} or {NO}"
        view = View("user", profile, (Message("user", question),), choices=(YES, NO), known={"room": room}, fresh=True)
        said = await self.ask_partner(view)
        self._state.asked += 1
        wrong = {"user_error": True} if said != truth(question, room) else {}
        return Outcome(said if said in (YES, NO) else NO, info=wrong)

    def score(self) -> float:
        return float(self._state.found)

    def success(self) -> bool:
        return self._state.found

    def signature(self) -> str:
        return str(min(self._state.asked, 3))
