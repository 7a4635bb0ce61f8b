"""Why the actors of a run do not fit a cluster: one sentence that names them, what is missing and the key to change."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cluster.errors import suggestion
from cluster.start.placement import CPU, GPU, ROUNDING, Bundle, listed, quantity, total, unplaced

if TYPE_CHECKING:
    from cluster.start.preflight import Part

OF_RAY = (CPU, GPU, "memory", "object_store_memory")
"""Every node has these; Ray does not take them as custom resources."""
STEP = 1e-4
"""Ray counts resources in ten-thousandths."""


def misfit(parts: Sequence[Part], nodes: Sequence[Bundle]) -> str | None:
    """The first reason found, or None: every resource exists, the sums fit, each actor fits a node, all find room."""
    present = [part for part in parts if part.actors]
    kinds = dict.fromkeys(kind for part in present for kind in part.bundle)
    return (
        _first(_illegal(part) or _unknown(part, nodes) for part in present)
        or _first(_too_much(kind, present, total(kind, nodes)) for kind in kinds)
        or _first(_too_large(part, nodes) for part in present)
        or _no_room(present, nodes)
    )


def _first(reasons: Iterable[str | None]) -> str | None:
    return next((reason for reason in reasons if reason), None)


def _illegal(part: Part) -> str | None:
    """What Ray would refuse with a traceback."""
    if part.gpus_each > 1 and part.gpus_each % 1:
        return f"{part.gpu_key} is {part.gpus_each:g}: more than one GPU must be a whole number."
    for kind in part.resources:
        if kind in OF_RAY:
            instead = f"set {part.gpu_key}" if kind == GPU else "leave it out"
            return f"{part.resources_key}.{kind} is not a custom resource: {instead}."
    for kind, amount in part.bundle.items():
        if abs(amount / STEP - round(amount / STEP)) > ROUNDING:
            key = part.gpu_key if kind == GPU else f"{part.resources_key}.{kind}"
            return f"{key} is {amount:g}: Ray counts in steps of {STEP:g}."
    return None


def _unknown(part: Part, nodes: Sequence[Bundle]) -> str | None:
    there = {kind for node in nodes for kind in node}
    custom = {kind for kind in there if kind not in OF_RAY and not kind.startswith("node:")}
    for kind in part.resources:
        if kind not in there:
            choice = suggestion(kind, custom) if custom else f"""start one with --resources='{{"{kind}": 1}}'."""
            return f"{part.resources_key}.{kind} is a resource that no node has: {choice}"
    return None


def _too_much(kind: str, parts: Sequence[Part], has: float) -> str | None:
    needs = {part.key: part.actors * part.bundle.get(kind, 0.0) for part in parts}
    needed = sum(needs.values())
    if needed <= has + ROUNDING:
        return None
    summands = ", ".join(f"{part.counted()}: {needs[part.key]:g}" for part in parts if needs[part.key])
    advice = f"{_lower(kind, parts, needed - has)}start Ray with at least {quantity(kind, needed)}"
    return f"the run needs {quantity(kind, needed)} ({summands}) and the cluster has {has:g}: {advice}."


def _lower(kind: str, parts: Sequence[Part], excess: float) -> str:
    """Lower the largest part that can be lowered, to the most that fits if lowering it alone is enough."""
    if kind == GPU:
        keys = dict.fromkeys(part.gpu_key for part in parts if part.gpus_each)
        return f"set {' and '.join(f'{key}=0' for key in keys)} to run on CPUs, or "
    several = [part for part in parts if part.actors > 1 and kind in part.bundle]
    if not several:
        return ""
    part = max(several, key=lambda part: part.actors * part.bundle[kind])
    fitting = part.actors - math.ceil((excess - ROUNDING) / part.bundle[kind])
    return f"lower {part.key} from {part.actors}{f' to {fitting}' if fitting >= 1 else ''}, or "


def _too_large(part: Part, nodes: Sequence[Bundle]) -> str | None:
    if unplaced([part.bundle], nodes) is None:
        return None
    one = part.counted(1)
    for kind, amount in part.bundle.items():
        largest = max(node.get(kind, 0.0) for node in nodes)
        if amount > largest + ROUNDING:
            key = part.gpu_key if kind == GPU else f"{part.resources_key}.{kind}" if kind in part.resources else None
            advice = f"lower {key}, or start a larger node" if key else "start a larger node"
            return f"{one} needs {quantity(kind, amount)} on one node; the largest node has {largest:g}: {advice}."
    advice = f"change {part.resources_key}" if part.resources else "start one"
    return f"{one} needs {listed(part.bundle)} on one node, and no node has them all: {advice}."


def _no_room(parts: Sequence[Part], nodes: Sequence[Bundle]) -> str | None:
    index = unplaced(_bundles(parts), nodes)
    if index is None:
        return None
    part = [part for part in parts for _ in range(part.actors)][index]

    def crowded(actors: int) -> bool:
        fewer = [replace(other, actors=actors) if other is part else other for other in parts]
        return unplaced(_bundles(fewer), nodes) is not None

    fitting = bisect_left(range(part.actors), True, key=crowded) - 1
    lower = f"lower {part.key} from {part.actors} to {fitting}, or " if fitting >= 1 else ""
    return (
        f"{part.counted()} of {listed(part.bundle)} each find room for {max(fitting, 0)} on the nodes, beside the other "
        f"actors of the run: {lower}start more nodes."
    )


def _bundles(parts: Sequence[Part]) -> list[Bundle]:
    return [part.bundle for part in parts for _ in range(part.actors)]
