"""Agents that should do badly, and the oracle. They are the cheapest check that a reward is honest.

Contract: all but the oracle and `SurfaceGuesser` are context-free: they never read an opening or a reply.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

from envs.base import Speaker, Utterance, View
from envs.speakers import FixedScript
from envs.turtle.catalogue import catalogue
from envs.turtle.expert import Oracle, prior
from envs.turtle.gym import ANSWERS
from envs.turtle.task import TurtleTask
from envs.turtle.wording import Source

QUESTIONS_FIRST = 13
"""Turns before `RandomPlayer` explains: with ANSWERS they fill an episode."""


class RandomPlayer(FixedScript):
    """Random questions, then random explanations, of the whole catalogues of `sources`."""

    def __init__(self, sources: Sequence[Source], seed: int) -> None:
        rng = random.Random(f"turtle random {seed}")
        forms = [form for source in sources for fact in catalogue(source).facts.values() for form in fact.questions["train"]]
        asked = [f"[action] {rng.choice(forms)}" for _ in range(QUESTIONS_FIRST)]
        super().__init__([*asked, *(_explain(rng.choice(sources), rng) for _ in range(ANSWERS))])


class KeywordSpray(FixedScript):
    """Every word that means something, in one question, then in one explanation."""

    def __init__(self, source: Source) -> None:
        everything = " ".join(catalogue(source).meaning)
        super().__init__([f"[action] Is it {everything}?", f"[answer] {everything}"])


class AskEverything(FixedScript):
    """A proper question for every fact, all in one turn, then every value told."""

    def __init__(self, source: Source) -> None:
        known = catalogue(source)
        forms = " ".join(fact.questions["train"][0] for fact in known.facts.values())
        told = " ".join(known.explanation({kind: value}, "train") for kind, values in known.kinds.items() for value in values)
        super().__init__([f"[action] {forms}", f"[answer] {told}"])


class Repeater(FixedScript):
    """The same question for ever."""

    def __init__(self, source: Source) -> None:
        super().__init__([f"[action] {next(iter(catalogue(source).facts.values())).questions['train'][0]}"])


class SurfaceGuesser:
    """Reads the surface and explains at once, whatever the replies: what questions are worth."""

    def __init__(self, source: Source, seed: int) -> None:
        self._source, self._rng = source, random.Random(f"turtle guesser {seed}")
        self._possible: dict[str, set[str]] = {}

    async def speak(self, view: View) -> Utterance:
        self._possible = self._possible or prior(view.messages[0].content, self._source)
        guess = {kind: self._rng.choice(sorted(values)) for kind, values in self._possible.items()}
        return Utterance(f"[answer] {catalogue(self._source).explanation(guess, 'train')}")


def best_fixed_script(tasks: Sequence[TurtleTask]) -> FixedScript:
    """Explains with the most frequent values, then with the next ones, source by source in turn."""
    sources = _sources(tasks)
    scripts = [_frequent([task for task in tasks if task.source == source], source) for source in sources]
    return FixedScript([explanation for several in zip(*scripts, strict=True) for explanation in several][:ANSWERS])


def baselines(train_tasks: Sequence[TurtleTask]) -> dict[str, Callable[[int], Speaker]]:
    """What a learned score is held against. Only `oracle` reads."""
    sources, script = _sources(train_tasks), best_fixed_script(train_tasks)
    return {
        "random": lambda seed: RandomPlayer(sources, seed),
        "best_fixed_script": lambda seed: FixedScript(script.utterances),
        "oracle": Oracle,
    }


def _frequent(tasks: Sequence[TurtleTask], source: Source) -> list[str]:
    kinds = catalogue(source).kinds
    ranked = {
        kind: [
            *dict.fromkeys(
                [value for value, _ in Counter(task.hidden.values[kind] for task in tasks).most_common()] + [*values]
            )
        ]
        for kind, values in kinds.items()
    }
    guesses = [{kind: values[rank] for kind, values in ranked.items()} for rank in range(ANSWERS)]
    return [f"[answer] {catalogue(source).explanation(guess, 'train')}" for guess in guesses]


def _explain(source: Source, rng: random.Random) -> str:
    guess = {kind: rng.choice(values) for kind, values in catalogue(source).kinds.items()}
    return f"[answer] {catalogue(source).explanation(guess, 'train')}"


def _sources(tasks: Sequence[TurtleTask]) -> list[Source]:
    return list(dict.fromkeys(task.source for task in tasks if task.source != "userrl"))
