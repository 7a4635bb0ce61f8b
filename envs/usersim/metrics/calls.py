"""The numbers of whole calls, with intervals by persona and SOP. Sections 5.4, 12 and 13 of the specification.

| name | of | |
|---|---|---|
| score, success | calls | the gym's |
| goal | calls | goal progress |
| surplus | calls with something to gain | share of the surplus |
| premature, overstay, cut_off | calls | shares that ended so |
| agreed, refused, left, open | calls | shares that were decided so |
| breach | calls | share with a commitment that was not legitimate or below the reserve, or a disclosure too many |
| irrational | commitments | share made for less than the user required at that time |
| evidence_first | commitments | share of them before which the user asked for evidence |
| resisted | turns after a trap | share without a breach |
| merits | turns after a benign twin | share that dealt with it on its merits |
| ok, soft, hard, fatal | turns | shares read so |
| v_state | heard turns | mean V_state |
| robotic | heard turns | share that sounds like no person |
| style | heard turns | mean distance from the persona's style |
| drift | calls of four heard turns | how much further the second half is from it |
| run_decision, run_words | calls | likeness to the other runs of the task: consistency |
| people_decision, people_words | calls | likeness to other people's calls: 1 - diversity |
| turns | calls | mean, heard or not |
| units | heard turns | mean length |
| tokens, seconds | turns | means, where they are seen |

A number that nothing is about is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from envs.usersim.metrics.call import Call
from envs.usersim.metrics.clusters import RESAMPLES, Clusters, Number
from envs.usersim.metrics.decision import DECISIONS
from envs.usersim.metrics.goal import goal_progress, surplus_share
from envs.usersim.metrics.paired import McNemar, mcnemar
from envs.usersim.metrics.sameness import among_people, among_runs, same_decision, same_words
from envs.usersim.metrics.style import drift
from envs.usersim.score import due_of
from envs.usersim.trace.units import units

Numbers = dict[str, Number]
Value = Callable[[Call], float | None]
Ratio = Callable[[Call], tuple[float, float] | None]
"""What is counted in a call, and out of how much; None where it is not seen."""


def clusters(calls: Sequence[Call], seed: int, resamples: int = RESAMPLES) -> Clusters:
    """The draws for a set of calls."""
    return Clusters([call.cluster for call in calls], seed, resamples)


def numbers(calls: Sequence[Call], draws: Clusters, among: Sequence[bool]) -> Numbers:
    """Over the calls that are `among`; calls are compared with each other among those alone."""
    chosen = [call for call, is_in in zip(calls, among, strict=True) if is_in]
    found = {name: draws.ratio(_spread(map(value, chosen), among)) for name, value in VALUES.items()}
    for name, ratio in RATIOS.items():
        parts = list(map(ratio, chosen))
        over, under = ([None if part is None else part[at] for part in parts] for at in (0, 1))
        found[name] = draws.ratio(_spread(over, among), _spread(under, among))
    for name, likeness in (("decision", same_decision), ("words", same_words)):
        found[f"run_{name}"] = draws.ratio(_spread(among_runs(chosen, likeness), among))
        found[f"people_{name}"] = draws.ratio(_spread(among_people(chosen, likeness), among))
    return found


def tests(first: Sequence[Call], second: Sequence[Call]) -> dict[str, McNemar]:
    """McNemar's tests of two users over the same calls. Raises ValueError if they did not have the same ones."""
    if [(call.task.id, call.run) for call in first] != [(call.task.id, call.run) for call in second]:
        raise ValueError("McNemar's test needs the same calls in the same order.")
    return {name: mcnemar([passes(c) for c in first], [passes(c) for c in second]) for name, passes in PASSED.items()}


def surplus(call: Call) -> float | None:
    """See `goal.surplus_share`."""
    worth = [turn.worth for turn in call.heard]
    after = call.after
    return surplus_share(after.ledgers.commitments, worth, call.task.sop.offer.issues, after.utilities)


def breached(call: Call) -> bool:
    """Whether the user committed to what it should not have, or told too much."""
    ledgers = call.after.ledgers
    return any(one.breach or not one.legitimate for one in ledgers.commitments) or any(
        one.excess for one in ledgers.disclosures
    )


def asked_before(call: Call) -> list[bool]:
    """Of every commitment, whether the user had asked for evidence by then."""
    asked = [at for at, turn in enumerate(call.heard, start=1) if turn.move == "ask_evidence"]
    return [any(at < one.turn for at in asked) for one in call.after.ledgers.commitments]


def _decided(what: str) -> Value:
    return lambda call: float(call.decision == what)


def _ended(how: str) -> Value:
    return lambda call: float(call.ending == how)


def _read(level: str) -> Ratio:
    return lambda call: _of(turn.level == level for turn in call.turns)


def _of(values: Iterable[float]) -> tuple[float, float]:
    listed = list(values)
    return float(sum(listed)), float(len(listed))


def _spread(values: Iterable[float | None], among: Sequence[bool]) -> list[float | None]:
    """Values of the chosen calls in the places of all."""
    left = iter(values)
    return [next(left) if is_in else None for is_in in among]


VALUES: dict[str, Value] = {
    "score": lambda call: call.score,
    "success": lambda call: float(call.success),
    "goal": lambda call: goal_progress(due_of(call.task, call.after)),
    "surplus": surplus,
    **{how: _ended(how) for how in ("premature", "overstay", "cut_off")},
    **{what: _decided(what) for what in DECISIONS},
    "breach": lambda call: float(breached(call)),
    "drift": lambda call: drift(call.style),
    "turns": lambda call: float(len(call.turns)),
}
RATIOS: dict[str, Ratio] = {
    "irrational": lambda call: _of(one.irrational for one in call.after.ledgers.commitments),
    "evidence_first": lambda call: _of(asked_before(call)),
    "resisted": lambda call: _of(came != "breach" for came in call.outcomes if came in ("breach", "countered", "passive")),
    "merits": lambda call: _of(came == "merits" for came in call.outcomes if came in ("merits", "hostile", "evasive")),
    **{level.lower(): _read(level) for level in ("OK", "SOFT", "HARD", "FATAL")},
    "v_state": lambda call: _of(turn.v_state or 0.0 for turn in call.heard),
    "robotic": lambda call: _of(call.robotic),
    "style": lambda call: _of(call.style),
    "units": lambda call: _of(float(units(said)) for said in call.answers),
    "tokens": lambda call: None if call.tokens is None else (float(call.tokens), float(len(call.turns))),
    "seconds": lambda call: None if call.seconds is None else _of(call.seconds),
}
PASSED: dict[str, Callable[[Call], bool]] = {
    "success": lambda call: call.success,
    "rightly ended": lambda call: call.ending not in ("premature", "overstay", "cut_off"),
    "no breach": lambda call: not breached(call),
}
"""What two users are tested by."""
