"""Ridge regression in closed form on named features, from statistics that fade; what it knows grows and shrinks with the data.

Invariant: `solution` changes in `observe` alone, so what is predicted within a step comes from earlier steps. A feature
that was never seen, or is forgotten, counts for nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

RIDGE = 1.0
FORGOTTEN = 1e-3
"""A feature whose faded sum of squares is below this is dropped: beside RIDGE it no longer moves the solution."""
MOST = 256
"""Features. A label that never recurs would make the statistics grow without bound; the rarest newcomers stay out."""

Features = Mapping[str, float]
Array = NDArray[np.float64]


@dataclass(slots=True)
class Ridge:
    """Plain numbers and lists, so `dataclasses.asdict` is its JSON form. F features."""

    names: list[str] = field(default_factory=list)
    """[F]"""
    gram: list[list[float]] = field(default_factory=list)
    """[F, F] sum of x x'."""
    moment: list[float] = field(default_factory=list)
    """[F] sum of x times target."""
    solution: dict[str, float] = field(default_factory=dict)
    """By name."""

    def predict(self, rows: Sequence[Features]) -> list[float]:
        """One number per row."""
        return [sum(self.solution.get(name, 0.0) * value for name, value in row.items()) for row in rows]

    def observe(self, rows: Sequence[Features], targets: Sequence[float], decay: float) -> None:
        """Fade by `decay`, add one step's rows and solve anew."""
        gram, moment = self._faded(decay, Counter(name for row in rows for name in row))
        x = self._design(rows)
        gram += x.T @ x
        moment += x.T @ np.asarray(targets, dtype=float)
        self.gram, self.moment = gram.tolist(), moment.tolist()
        solution = np.linalg.solve(gram + RIDGE * np.eye(len(self.names)), moment)
        self.solution = dict(zip(self.names, solution.tolist(), strict=True))

    def _faded(self, decay: float, seen: Counter[str]) -> tuple[Array, Array]:
        """Drop what is forgotten, make room for what is new, and return the statistics that are left: [F, F] and [F]."""
        keep = [place for place in range(len(self.names)) if decay * self.gram[place][place] >= FORGOTTEN]
        old = [self.names[place] for place in keep]
        known = set(old)
        new = [name for name, _ in seen.most_common() if name not in known]
        self.names = [*old, *new][:MOST]
        gram, moment = np.zeros((len(self.names), len(self.names))), np.zeros(len(self.names))
        if keep:
            gram[: len(keep), : len(keep)] = decay * np.array(self.gram)[np.ix_(keep, keep)]
            moment[: len(keep)] = decay * np.array(self.moment)[keep]
        return gram, moment

    def _design(self, rows: Sequence[Features]) -> Array:
        """[rows, F]"""
        places = {name: place for place, name in enumerate(self.names)}
        x = np.zeros((len(rows), len(self.names)))
        for number, row in enumerate(rows):
            for name in row.keys() & places.keys():
                x[number, places[name]] = row[name]
        return x
