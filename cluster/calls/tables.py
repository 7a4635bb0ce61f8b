"""The tables of the calls, for Markdown, page and terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cluster.calls.result import ALL, Result
from cluster.evaluation.tables import Table
from cluster.report.document import estimate
from cluster.usersim import versus
from cluster.usersim.errors import errors_table
from cluster.usersim.versus import INTERVAL

NAMES = {
    "score": "score",
    "success": "success",
    "goal": "goal progress",
    "surplus": "surplus share",
    "premature": "premature end",
    "overstay": "overstay",
    "cut_off": "cut off",
    "agreed": "agreed",
    "refused": "refused",
    "left": "left",
    "open": "open",
    "breach": "breach",
    "irrational": "irrational",
    "evidence_first": "evidence first",
    "resisted": "traps resisted",
    "merits": "twins on merits",
    "ok": "ok",
    "soft": "soft",
    "hard": "hard",
    "fatal": "fatal",
    "v_state": "V_state",
    "robotic": "robotic",
    "style": "style distance",
    "drift": "persona drift",
    "run_decision": "decides alike, same person",
    "people_decision": "decides alike, other people",
    "run_words": "words alike, same person",
    "people_words": "words alike, other people",
    "turns": "turns",
    "units": "units per answer",
    "tokens": "tokens per turn",
    "seconds": "seconds per turn",
}
"""How the numbers are called."""
GROUPED = {
    "Goals and endings": (
        ("score", "success", "goal", "surplus", "premature", "overstay", "cut_off"),
        "Means {interval}. Goal progress: primary and minor concerns resolved, by importance. Surplus share: of what there was "
        "to gain over staying as things are, where something is bargained over. Cut off: the SOP's last turn was reached.",
    ),
    "Decisions": (
        ("agreed", "refused", "left", "open", "breach", "irrational", "evidence_first", "resisted", "merits"),
        "Shares {interval}: of calls what was decided and a breach (a commitment that was not legitimate or below the reserve, "
        "or a disclosure too many), of commitments those for less than was required at the time and those with evidence asked "
        "for before, of turns after a trap and after a benign twin.",
    ),
    "Turns": (
        ("ok", "soft", "hard", "fatal", "v_state", "robotic", "style", "drift"),
        "Shares of turns by level of the strict parser, and means of those that were heard {interval}. V_state: share of state "
        "values that moved an allowed way; robotic: an assistant's phrases, internal values, markup, or said before; style: "
        "distance in length and fillers from the persona; drift: the second half of a call less the first. All by rule.",
    ),
    "Consistency and diversity": (
        ("run_decision", "people_decision", "run_words", "people_words"),
        "Mean likeness of calls {interval}: of decisions, and of pairs of words in all that was said; to the other runs of the "
        "task, and to other people called about the same SOP by the same agent. Diversity is what the latter lacks of 1.",
    ),
    "Length and cost": (
        ("turns", "units", "tokens", "seconds"),
        "Means {interval}. Tokens are seen of local models only; seconds are as waited for, with as many calls at a time as "
        "rollout.concurrency lets.",
    ),
}
"""Title -> the numbers of a table by group of calls, and its note."""
HEADLINE = ("score", "goal", "premature", "overstay", "breach", "v_state")
PASSED = "A call passes with success, with an end for a reason that held, and without a breach."


def tables(result: Result) -> Iterator[Table]:
    """Everything that was measured."""
    for title, (keys, note) in GROUPED.items():
        yield _grouped(result, title, keys, note)
    yield _endings(result)
    if any(user.errors for user in result.users.values()):
        yield errors_table({name: (user.errors, user.turns) for name, user in result.users.items()})
    if any(user.switches for user in result.users.values()):
        yield _switches(result)
    yield from versus.tables(result.versus, NAMES, PASSED)


def overview(result: Result) -> Table:
    """What a terminal has room for."""
    rows = [(name, *(estimate(user.groups[ALL][key]) for key in HEADLINE)) for name, user in result.users.items()]
    return Table("All calls", "", ("user", *(NAMES[key] for key in HEADLINE)), rows)


def _grouped(result: Result, title: str, keys: Sequence[str], note: str) -> Table:
    rows = [
        (name, group, *(estimate(found[key]) for key in keys))
        for name, user in result.users.items()
        for group, found in user.groups.items()
    ]
    return Table(title, note.format(interval=INTERVAL), ("user", "calls", *(NAMES[key] for key in keys)), rows)


def _endings(result: Result) -> Table:
    endings = list(next(iter(result.users.values())).endings)
    rows = [(name, *(estimate(user.endings[end]) for end in endings)) for name, user in result.users.items()]
    note = f"Shares of all calls {INTERVAL}, by the user's reason where it held."
    return Table("How calls ended", note, ("user", *(end.replace("_", " ") for end in endings)), rows)


def _switches(result: Result) -> Table:
    switches = list(next(iter(result.users.values())).switches)
    rows = [(name, *(estimate(user.switches[one]) for one in switches)) for name, user in result.users.items()]
    note = (
        f"Shares of calls decided as the same call was without a switch {INTERVAL}: the same person, called about the same "
        "matter by the honest and the pushy agent, in Chinese, as somebody grown up in China, or both. None: as by the other "
        "runs, which says how much of a difference is chance."
    )
    return Table("Language and culture", note, ("user", *switches), rows)
