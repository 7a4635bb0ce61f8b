"""The first user against every further one, on what all of them played: differences, and McNemar's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cluster.evaluation.tables import Table
from cluster.report.document import estimate
from envs.usersim.metrics.clusters import Estimate, Number
from envs.usersim.metrics.paired import McNemar, holm

INTERVAL = "[95 %, cluster bootstrap over persona and SOP]"


@dataclass(frozen=True, slots=True)
class Test:
    """McNemar's exact test of two users over some of what they played."""

    over: str
    only_first: int
    only_second: int
    items: int
    p: float
    p_holm: float
    """Corrected for all tests of the result."""


@dataclass(frozen=True, slots=True)
class Versus:
    """The first user against another one; differences are first minus second."""

    first: str
    second: str
    differences: dict[str, Estimate | None]
    tests: list[Test]


def versus(
    numbers: Mapping[str, Mapping[str, Number]], test: Callable[[str, str], Mapping[str, McNemar]], by: Sequence[str]
) -> list[Versus]:
    """`numbers` of each user, all of the same draws; `test` compares two of them; `by`: the numbers with a difference."""
    first, *others = numbers
    raw = {other: test(first, other) for other in others}
    corrected = iter(holm([found.p for tests in raw.values() for found in tests.values()]))
    return [
        Versus(
            first,
            other,
            {key: (numbers[first][key] - numbers[other][key]).interval() for key in by},
            [Test(over, *found, p_holm=next(corrected)) for over, found in raw[other].items()],
        )
        for other in others
    ]


def tables(found: Sequence[Versus], names: Mapping[str, str], passed: str) -> Iterator[Table]:
    """The differences and the tests; `names`: how the numbers are called, `passed`: when a user passes what is tested."""
    if not found:
        return
    by = list(found[0].differences)
    rows = [(one.first, one.second, *(estimate(one.differences[key], signed=True) for key in by)) for one in found]
    note = f"First minus second, on the same items {INTERVAL}."
    yield Table("Differences", note, ("user", "against", *(names[key] for key in by)), rows)
    yield _tests(found, passed)


def _tests(found: Sequence[Versus], passed: str) -> Table:
    rows = [
        (
            *(one.first, one.second, test.over),
            *(str(number) for number in (test.items, test.only_first, test.only_second)),
            *(f"{p:.3g}" for p in (test.p, test.p_holm)),
        )
        for one in found
        for test in one.tests
    ]
    note = (
        f"McNemar's exact test, two-sided; Holm: corrected for all tests of this table. {passed} The test takes items as "
        "independent; the intervals above do not."
    )
    headings = ("user", "against", "over", "items", "only first passes", "only second passes", "p", "p (Holm)")
    return Table("Tests", note, headings, rows)
