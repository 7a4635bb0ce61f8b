"""What an evaluation says, ready to be written in any form.

Invariant: it depends on the episodes and the setting alone. Nothing in it tells when, where or how fast they were played, so
the same seed gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from cluster.evaluation.measures import Row, as_json, matrix, measured
from cluster.evaluation.results import results
from cluster.evaluation.setting import Setting
from cluster.evaluation.userrl import userrl as by_userrl


@dataclass(frozen=True)
class Outcome:
    """`userrl` is None unless it was asked for."""

    name: str
    agents: Sequence[str]
    users: Sequence[str]
    judge: str
    seed: int
    repeats: int
    masked: int
    reasons: dict[str, int]
    """Status -> episodes that failed with it."""
    warnings: Sequence[str]
    rows: Sequence[Row]
    userrl: Sequence[dict[str, Any]] | None
    folder: Path = Path()

    @classmethod
    def of(cls, setting: Setting, episodes: pa.Table, warnings: Sequence[str], *, userrl: bool) -> Outcome:
        """Measure the episodes."""
        config, played = setting.config, results(episodes)
        failed = sorted(each.status for each in played if not each.ok)
        judge = config.judges["default"]
        return cls(
            name=config.run.name,
            agents=[each.label for each in setting.subjects],
            users=list(setting.columns),
            judge=f"{judge.backend} {judge.endpoint.model}" if judge.endpoint else judge.backend,
            seed=config.run.seed,
            repeats=config.eval.repeats,
            masked=len(failed),
            reasons={status: failed.count(status) for status in dict.fromkeys(failed)},
            warnings=warnings,
            rows=measured(played, config.run.seed),
            userrl=by_userrl(played, config.run.seed) if userrl else None,
        )

    @property
    def matrix(self) -> dict[str, dict[str, dict[str, Row]]]:
        """See `measures.matrix`."""
        return matrix(self.rows)

    def as_json(self) -> dict[str, Any]:
        """For `evaluation.json`."""
        names = ("name", "agents", "users", "judge", "seed", "repeats", "masked", "reasons", "warnings")
        grid = {
            place: {agent: {user: row.measures["score"] for user, row in of.items()} for agent, of in agents.items()}
            for place, agents in self.matrix.items()
        }
        data = {name: getattr(self, name) for name in names} | {"rows": list(map(as_json, self.rows)), "matrix": grid}
        return data | ({} if self.userrl is None else {"userrl": list(self.userrl)})
