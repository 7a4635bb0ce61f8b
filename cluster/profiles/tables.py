"""An audit as tables of text."""

from __future__ import annotations

from collections.abc import Sequence

from cluster.agreement.tables import interval, number
from cluster.evaluation.tables import Table
from cluster.profiles.audit import Rate, Raters


def tables(rates: Sequence[Rate], raters: Sequence[Raters]) -> list[Table]:
    """Rates, then agreement."""
    return [
        Table(
            "Alignment",
            "Mean over profiles of the share of raters who said yes; Wilson's interval over profiles.",
            ("domain", "question", "profiles", "answers", "yes [95 %]"),
            [(r.domain, r.question, str(r.items), str(r.answers), interval(r.rate)) for r in rates],
        ),
        Table(
            "Raters",
            "How far raters agree; only profiles with two raters or more count.",
            ("question", "raters", "profiles", "alpha nominal", "exact"),
            [(r.question, str(r.raters), str(r.items), number(r.alpha), number(r.exact)) for r in raters],
        ),
    ]
