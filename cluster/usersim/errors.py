"""What the strict parser found wrong with users' turns, class by class."""

from __future__ import annotations

from collections.abc import Mapping

from cluster.evaluation.tables import Table
from envs.usersim.trace.errors import Code


def errors_table(found: Mapping[str, tuple[Mapping[str, int], int]]) -> Table:
    """User -> turns that had each class of error, the most frequent first, and how many turns were read."""
    rows = [
        (name, f"{code} {Code[code].meaning}", Code[code].level.name.lower(), str(count), f"{count / turns:.3f}")
        for name, (errors, turns) in found.items()
        for code, count in errors.items()
    ]
    note = "Turns with an error of a class, the most frequent first; a turn may have several. Nobody hears a hard or fatal one."
    return Table("What was wrong with turns", note, ("user", "error", "level", "turns", "share"), rows)
