"""The tables of an evaluation, as headings and cells of text: one source for the Markdown, the page and the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cluster.evaluation.measures import ALL, MEASURES, Row
from cluster.evaluation.outcome import Outcome
from cluster.report.document import estimate

ABOUT = ("agent", "user", "played", "tasks", "gym")
WORDS = (*ABOUT, "trap", "against", "over", "error", "level", "calls", "")
"""Headings of columns of words."""
UNITS = {"tokens": "tokens sampled", "judge_errors": "judge errors"}
"""What a measure is called where its name does not say it."""


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and cells of one table."""

    title: str
    note: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def words(self) -> int:
        """How many columns at the beginning hold words."""
        return next((place for place, name in enumerate(self.headings) if name not in WORDS), len(self.headings))


def tables(outcome: Outcome) -> Iterator[Table]:
    """Everything that was measured."""
    yield _measures(outcome)
    yield from _matrices(outcome)
    if outcome.repeats > 1:
        yield _passed(outcome)
    if outcome.userrl is not None:
        yield _userrl(outcome)


def overview(outcome: Outcome) -> Table:
    """What a terminal has room for of the first table: only the score with its interval."""
    names = ("success", "return", "turns")
    headings = (*ABOUT, "items", "failed", "score", *names)
    rows = [
        (
            *_about(row),
            *(str(row.items), str(row.masked), estimate(row.measures["score"])),
            *("–" if (value := row.measures[name]) is None else f"{value['mean']:.3f}" for name in names),
        )
        for row in outcome.rows
    ]
    return Table("Held-out tasks", "", headings, rows)


def _measures(outcome: Outcome) -> Table:
    names = (*MEASURES, "judge_errors")
    headings = (*ABOUT, "items", "episodes", "failed", *(UNITS.get(name, name) for name in names))
    rows = [
        (*_about(row), str(row.items), str(row.episodes), str(row.masked), *(estimate(row.measures[name]) for name in names))
        for row in outcome.rows
    ]
    note = (
        "Means over tasks [95 %, bootstrap over tasks]; rows of all gyms count every task once. Held-in: unseen tasks of gyms "
        "that are trained on; held-out: gyms that are not. Failed episodes are in no mean but that of judge errors."
    )
    return Table("Gym by gym", note, headings, rows)


def _matrices(outcome: Outcome) -> Iterator[Table]:
    if len(outcome.users) < 2 and len(outcome.agents) < 2:
        return
    for place, agents in outcome.matrix.items():
        users = list(dict.fromkeys(user for of in agents.values() for user in of))
        rows = [
            (agent, *(estimate(of[user].measures["score"]) if user in of else "–" for user in users))
            for agent, of in agents.items()
        ]
        yield Table(f"Transfer: {place}", "Score of each agent against each user.", ("agent", *users), rows)


def _passed(outcome: Outcome) -> Table:
    ks = range(1, outcome.repeats + 1)
    rows = [
        (
            *_about(row),
            *(estimate(row.pass_all.get(k)) for k in ks),
            *(estimate(row.pass_any.get(k)) for k in ks if k > 1),
        )
        for row in outcome.rows
    ]
    note = "pass^k: all of k episodes of a task succeed; pass@k: one of them does. Unbiased, over tasks with k scored episodes."
    headings = (*ABOUT, *(f"pass^{k}" for k in ks), *(f"pass@{k}" for k in ks if k > 1))
    return Table("Reliability", note, headings, rows)


def _userrl(outcome: Outcome) -> Table:
    found = outcome.userrl or []
    gyms = sorted({gym for each in found for gym in each["gyms"]})
    rows = [
        (
            *(each[name] for name in ("agent", "user", "how")),
            estimate(each["overall"]),
            *(estimate(each["gyms"].get(gym)) for gym in gyms),
        )
        for each in found
    ]
    note = (
        "The sum of an item's turn rewards, mean over its passes; of TravelGym the best answer of each aspect. Not normalised: "
        "IntentionGym's may exceed 1. Overall: mean over all items."
    )
    return Table("By UserRL's rules", note, ("agent", "user", "played", "overall", *gyms), rows)


def _about(row: Row) -> tuple[str, ...]:
    return row.agent, row.user, row.how, row.tasks, row.gym if row.gym != ALL else "all"
