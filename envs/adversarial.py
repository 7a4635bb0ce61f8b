"""Partners that make it hard for the acting role: a gym's scripted speaker, listened to and disturbed.

Contract
- An adversary knows what its view and the speaker it disturbs tell it, and adds fixed words of its own: it reveals nothing that
  the honest partner would not have said by then.
- To a closed question it gives one of `View.choices`, whatever its kind.
- It hangs up when the speaker does: a reply that ends the conversation (`registry.Entry.ending`) is given as it is.
- Its words depend on its seed, the views and the honest replies only.

It changes no reward: those come from rules and verdicts (`envs.base`). What it says is false where a gym can tell counts there
as a `user_error`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from envs.base import Role, Speaker, Utterance, View
from envs.registry import entry, unknown
from envs.speakers import scripted
from envs.text import words

PREFIX = "adversarial:"
Name = Literal[
    "adversarial:contradictory",
    "adversarial:impatient",
    "adversarial:off_topic",
    "adversarial:reveals_nothing",
    "adversarial:time_pressure",
    "adversarial:vague",
]
"""How a speaker is named in a config."""
KINDS: tuple[str, ...] = tuple(name.removeprefix(PREFIX) for name in get_args(Name))
Contradict = Callable[[str, random.Random], str | None]
"""A gym's own: a reply turned into one that states something else of the same thing; None where the reply states nothing."""

CONTRADICTS = 0.4
"""How often it contradicts itself without being asked again."""
TAKEN_BACK = (
    'Forget it when I said "{reply}": it is not true.',
    'No, wait: "{reply}" was wrong.',
    'The opposite holds of what I told you before, "{reply}"',
)
_UNSURE = frozenset({"maybe", "perhaps", "possibly", "unsure", "unknown", "sometimes", "partly"})


@dataclass(frozen=True, slots=True)
class Manner:
    """How replies are withheld."""

    patience: tuple[int, int]
    """Honest replies before the first that is withheld, drawn from this range."""
    share: float
    """Of the later replies that are withheld."""
    instead: tuple[str, ...]
    """What is said then."""
    beside: tuple[str, ...] = ("",)
    """What is added to a reply that is given."""
    guesses: bool = False
    """Closed questions are answered at random instead of evasively."""


MANNERS: dict[str, Manner] = {
    "impatient": Manner(
        (1, 3),
        0.6,
        (
            "How many more of these?",
            "You are wasting my morning.",
            "I have better things to do.",
            "Just get on with it!",
            "Is that really necessary?",
        ),
        ("Go on!", "Next!", "Be quick about it.", "Come on."),
    ),
    "off_topic": Manner(
        (0, 1),
        0.6,
        (
            "Did you see the match yesterday?",
            "My cousin has just bought a boat.",
            "It has been raining here since Monday.",
            "I must not forget to feed the fish.",
            "Do you like crossword puzzles?",
        ),
        guesses=True,
    ),
    "reveals_nothing": Manner(
        (0, 0),
        1.0,
        (
            "I would rather not say.",
            "That is none of your business.",
            "No comment.",
            "Why should I tell you?",
            "You will have to do without that.",
        ),
    ),
    "time_pressure": Manner(
        (2, 4),
        1.0,
        (
            "I am out of the door; decide now.",
            "No more questions, I need a result at once.",
            "My train is here. Finish!",
            "Too late, just give me something.",
        ),
        ("Hurry, I must leave.", "Two minutes left!", "The clock is running.", "I need this right now."),
    ),
    "vague": Manner(
        (0, 1),
        0.7,
        (
            "It depends, I suppose.",
            "Something like that.",
            "Hard to say, more or less.",
            "The usual, you know.",
            "Whatever you find fitting.",
        ),
    ),
}


class Withholding:
    """Gives honest replies only now and then."""

    def __init__(self, manner: Manner, partner: Speaker, rng: random.Random, ending: str = "") -> None:
        self._manner, self._partner, self._rng, self._ending = manner, partner, rng, ending
        self._patience = rng.randint(*manner.patience)

    async def speak(self, view: View) -> Utterance:
        honest = await self._partner.speak(view)
        if _leaves(honest.text, self._ending):
            return honest
        self._patience -= 1
        withheld = self._patience < 0 and self._rng.random() < self._manner.share
        if view.choices:
            return Utterance(self._evade(view.choices) if withheld else honest.text)
        if withheld:
            return Utterance(self._rng.choice(self._manner.instead))
        return Utterance(f"{honest.text} {self._rng.choice(self._manner.beside)}".rstrip())

    def _evade(self, choices: Sequence[str]) -> str:
        unsure = [] if self._manner.guesses else [choice for choice in choices if _unsure(choice)]
        return self._rng.choice(unsure or choices)


class Contradictory:
    """Says the truth first, and later something else: whenever it is asked again, and at random."""

    def __init__(self, partner: Speaker, rng: random.Random, contradict: Contradict | None, ending: str = "") -> None:
        self._partner, self._rng, self._contradict, self._ending = partner, rng, contradict, ending
        self._said: dict[str, str] = {}
        """Question -> what it answered first."""

    async def speak(self, view: View) -> Utterance:
        honest = (await self._partner.speak(view)).text
        if _leaves(honest, self._ending):
            return Utterance(honest)
        asked = view.messages[-1].content if view.messages else ""
        again = asked in self._said
        before = self._said.setdefault(asked, honest)
        contradicts = again or self._rng.random() < CONTRADICTS
        if view.choices:
            return Utterance(self._other(view.choices, before) if contradicts else honest)
        earlier = [reply for question, reply in self._said.items() if question != asked or again]
        if not contradicts or not earlier:
            return Utterance(honest)
        return Utterance(f"{honest} {self._opposed(before if again else self._rng.choice(earlier))}")

    def _other(self, choices: Sequence[str], said: str) -> str:
        other = [choice for choice in choices if choice != said and not _unsure(choice)]
        return self._rng.choice(other or choices)

    def _opposed(self, reply: str) -> str:
        opposed = self._contradict(reply, self._rng) if self._contradict is not None else None
        return opposed or self._rng.choice(TAKEN_BACK).format(reply=reply)


def adversary(gym_name: str, role: Role, kind: str, seed: int) -> Speaker:
    """A new adversarial speaker for one episode. Raises ValueError for an unknown gym, role or kind."""
    if kind not in KINDS:
        raise unknown("adversarial kind", kind, KINDS)
    partner, rng, gym = scripted(gym_name, role, seed), random.Random(f"adversarial {kind} {seed}"), entry(gym_name)
    if kind == "contradictory":
        return Contradictory(partner, rng, gym.contradict, gym.ending)
    return Withholding(MANNERS[kind], partner, rng, gym.ending)


def _leaves(reply: str, ending: str) -> bool:
    """Whether a reply ends the conversation."""
    return bool(ending) and ending in reply


def _unsure(choice: str) -> bool:
    return bool(_UNSURE.intersection(words(choice)))
