"""The outputs for people and programs of a benchmark of users: `NAME.json`, `NAME.md`, `NAME.html`.

Equal users, tasks and seed give equal bytes, but for seconds: no file says when or where it was made. Names may be anything:
the Markdown spells out what would be a table or markup of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cluster.evaluation.outputs import table_lines
from cluster.evaluation.store import Store
from cluster.evaluation.tables import Table
from cluster.report.document import render
from cluster.report.markdown_text import plain
from cluster.report.page import numbered
from cluster.report.series import Panel

Facts = list[tuple[str, str]]
"""(what, how much) of the benchmark as a whole."""


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to show. `what` was measured, `against` what."""

    what: str
    against: str
    users: Sequence[str]
    facts: Facts
    tables: Sequence[Table]
    panels: Sequence[Panel]

    def write(self, name: str, data: Mapping[str, Any], store: Store) -> None:
        """Write all three, each one whole."""
        store.write(f"{name}.json", json.dumps(data, indent=2, allow_nan=False) + "\n")
        store.write(f"{name}.md", "\n".join(self._markdown()))
        store.write(f"{name}.html", self._page())

    def _markdown(self) -> Iterator[str]:
        yield f"# {self.what}: {plain(', '.join(self.users))}"
        yield ""
        yield ", ".join(f"{name} {plain(value)}" for name, value in self.facts) + "."
        for table in self.tables:
            yield from ("", f"## {plain(table.title)}", "", plain(table.note), "")
            yield from table_lines(table)
        yield ""

    def _page(self) -> str:
        return render(
            "usersim.html",
            panels=[asdict(panel) for panel in self.panels],
            marks=[],
            what=self.what,
            against=self.against,
            users=list(self.users),
            facts=self.facts,
            tables=list(self.tables),
            panels_shown=numbered(list(self.panels)),
        )


def failures(what: str, failed: Mapping[str, int]) -> Facts:
    """How much of each user failed, where anything did."""
    told = ", ".join(f"{count} ({user})" for user, count in failed.items() if count)
    return [(what, told)] if told else []
