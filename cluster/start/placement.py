"""Whether bundles of resources find room on the nodes of a cluster, and which does not.

First-fit decreasing over what the nodes have in all: the bundle that takes the largest share of the cluster first, each
on the first node with room, plain nodes before those with GPUs or custom resources. Ray itself places actors in the order
they start and on what is free, so it may fail where this succeeds (the wait for the actors then says what is free); and
no greedy order finds every placement, so in odd mixes this may fail where one exists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Bundle = Mapping[str, float]
"""Ray resource -> amount. What one actor reserves on one node, or what a node has."""
ROUNDING = 1e-6
"""Sums of Ray's fractional resources are compared with this much slack."""
CPU, GPU = "CPU", "GPU"


class _Node:
    """What is left of a node while bundles are placed on it."""

    def __init__(self, resources: Bundle) -> None:
        self._free = {kind: amount for kind, amount in resources.items() if kind != GPU}
        self._gpus = [1.0] * int(resources.get(GPU, 0.0))

    def take(self, bundle: Bundle) -> bool:
        """Reserve the bundle here if there is room."""
        gpus = self._gpu_places(bundle.get(GPU, 0.0))
        others = {kind: amount for kind, amount in bundle.items() if kind != GPU}
        if gpus is None or any(self._free.get(kind, 0.0) + ROUNDING < amount for kind, amount in others.items()):
            return False
        for kind, amount in others.items():
            self._free[kind] -= amount
        for place in gpus:
            self._gpus[place] -= min(bundle[GPU], 1.0)
        return True

    def _gpu_places(self, amount: float) -> list[int] | None:
        """The GPUs that serve `amount`: a fraction must come from one GPU, more than one are whole ones."""
        if amount == 0.0:
            return []
        share = min(amount, 1.0)
        fullest_first = sorted(range(len(self._gpus)), key=lambda place: self._gpus[place])
        fitting = [place for place in fullest_first if self._gpus[place] + ROUNDING >= share]
        count = max(1, round(amount))
        return fitting[:count] if len(fitting) >= count else None


def unplaced(bundles: Sequence[Bundle], nodes: Sequence[Bundle]) -> int | None:
    """The index of the first bundle that finds no room; None if all do."""
    has = {kind: total(kind, nodes) for bundle in bundles for kind in bundle}
    left = [_Node(node) for node in sorted(nodes, key=_kinds)]
    for index in sorted(range(len(bundles)), key=lambda index: -_share(bundles[index], has)):
        if not any(node.take(bundles[index]) for node in left):
            return index
    return None


def quantity(kind: str, amount: float) -> str:
    """`1 GPU`, `0.5 CPUs`, `2 judge_node`."""
    return f"{amount:g} {kind}{'s' * (kind in (CPU, GPU) and amount != 1)}"


def listed(bundle: Bundle) -> str:
    """`0.5 CPUs, 1 GPU and 1 judge_node`."""
    *most, last = [quantity(kind, amount) for kind, amount in bundle.items()] or ["nothing"]
    return f"{', '.join(most)} and {last}" if most else last


def total(kind: str, nodes: Sequence[Bundle]) -> float:
    """How much of a resource the nodes have together."""
    return sum(node.get(kind, 0.0) for node in nodes)


def _kinds(node: Bundle) -> int:
    return sum(amount > 0 for amount in node.values())


def _share(bundle: Bundle, has: Bundle) -> float:
    """The largest part that the bundle takes of any resource of the cluster."""
    return max((amount / max(has[kind], ROUNDING) for kind, amount in bundle.items()), default=0.0)
