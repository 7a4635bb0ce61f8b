"""What an item is like beside its quality, and how a judge's error goes with it. Length enters by its natural logarithm."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import log

from cluster.agreement.labels import Label
from rewards.agreement import Interval
from rewards.bias import slopes

LENGTH = "log length"
Circumstances = Mapping[str, Mapping[str, bool | float | str]]
"""By item: log length and covariates."""


def circumstances(labels: Sequence[Label]) -> Circumstances:
    """What all labels together say of each item."""
    known: dict[str, dict[str, bool | float | str]] = defaultdict(dict)
    for label in labels:
        known[label.item] |= label.covariates
    for label in labels:
        if label.length is not None:
            known[label.item][LENGTH] = log(label.length)
    return known


def slopes_of(errors: Mapping[str, float], around: Circumstances, covariates: Sequence[str]) -> dict[str, Interval]:
    """Slopes over the items that have a length and every declared covariate. Raises ValueError with the reason."""
    items = [item for item in errors if {LENGTH, *covariates} <= around[item].keys()]
    if not items:
        raise ValueError("no item that both sides rated has a length" + (" and all covariates" if covariates else ""))
    columns: dict[str, list[float]] = {}
    for name in dict.fromkeys((LENGTH, *covariates)):
        columns |= _columns(name, [around[item][name] for item in items])
    return slopes([errors[item] for item in items], columns)


def _columns(name: str, values: Sequence[bool | float | str]) -> dict[str, list[float]]:
    """A number or a yes-or-no is a column; of words, each but the most frequent is one, against that."""
    numbers = [float(value) for value in values if not isinstance(value, str)]
    if len(numbers) == len(values):
        return {name: numbers}
    words = list(map(str, values))
    counts = Counter(words)
    usual, *others = sorted(counts, key=lambda word: (-counts[word], word))
    if not others:
        raise ValueError(f"{name} is the same in all items")
    return {f"{name}: {word} rather than {usual}": [float(each == word) for each in words] for word in others}
