"""What a benchmark found: named series of numbers, all repeats kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Measure:
    """One quantity over all repeats. Unit `x` is a ratio."""

    what: str
    unit: str
    values: list[float]

    def to_dict(self) -> dict[str, Any]:
        """With median and range."""
        values = self.values
        summary = {"median": median(values), "min": min(values), "max": max(values)}
        return {"what": self.what, "unit": self.unit, **summary, "values": values}


@dataclass(slots=True)
class Outcome:
    """One benchmark's measures."""

    compares: str
    """One sentence."""
    settings: dict[str, Any]
    """Sizes and whatever else the numbers depend on."""
    measures: list[Measure] = field(default_factory=list)
    raw: dict[str, list[list[float]]] = field(default_factory=dict)
    """What measures are means of, where they are."""

    def add(self, what: str, unit: str, values: Sequence[float]) -> list[float]:
        """Keep a series; returns it."""
        self.measures.append(Measure(what, unit, [float(value) for value in values]))
        return self.measures[-1].values

    def ratio(self, what: str, over: Sequence[float], under: Sequence[float]) -> None:
        """Of neighbours: repeat by repeat."""
        self.add(what, "x", [a / b for a, b in zip(over, under, strict=True)])
