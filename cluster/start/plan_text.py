"""What a run is going to do, in a few lines: the sizes that follow from its configuration, and what it reserves.

Pure text; `parley train` prints it before anything starts. Tokens are upper bounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cluster.config import Config, derived
from cluster.config.gym_counts import heldout_counts
from cluster.start.placement import Bundle, listed, total
from cluster.start.preflight import parts


def lines(config: Config) -> list[str]:
    """The plan of a run, one statement a line."""
    rollout, learner, sizes = config.rollout, config.learner, derived(config)
    staleness = f", at most {_count(rollout.max_staleness, 'step')} behind the learner" if rollout.max_staleness else ""
    return [
        f"{_count(config.run.iterations, 'iteration')} of {_count(rollout.groups_per_step, 'group')} x {rollout.group_size} = "
        f"{sizes['episodes_per_step']:,} episodes{staleness}",
        f"at most {sizes['most_tokens_per_step']:,} tokens per iteration, {sizes['most_sampled_tokens_per_step']:,} sampled",
        f"{_count(learner.epochs * learner.minibatches, 'optimizer step')} per iteration on {_count(learner.ranks, 'rank')}, "
        f"{sizes['optimizer_steps']:,} in all; micro-batches of at most {sizes['most_tokens_per_micro_batch']:,} tokens",
        f"held-out: {_heldout(config)}, before and after"
        + (f" and every {_count(config.eval.every, 'iteration')}" if config.eval.every else ""),
        *_transfer(config),
        *_requests(sizes["endpoint_requests"]),
        _actors(config),
        f"kept in {sizes['run_directory']}",
    ]


def nodes_text(nodes: Sequence[Bundle]) -> str:
    """`2 nodes: 8 CPUs and 1 GPU; 4 CPUs`: without what every node has, its memory and its name."""
    return f"{_count(len(nodes), 'node')}: {'; '.join(listed(_plain(node)) for node in nodes)}"


def _actors(config: Config) -> str:
    present = [part for part in parts(config) if part.actors]
    needs = [part.bundle for part in present for _ in range(part.actors)]
    kinds = dict.fromkeys(kind for need in needs for kind in need)
    return f"{', '.join(part.counted() for part in present)}: {listed({kind: total(kind, needs) for kind in kinds})}"


def _heldout(config: Config) -> str:
    gyms = sorted(config.gyms.train)
    return _count(config.eval.tasks, "task") + (f" of each of {', '.join(gyms)}" if len(gyms) > 1 else "")


def _transfer(config: Config) -> list[str]:
    counts = sorted(heldout_counts(config, transfer=True).items())
    listed = ", ".join(f"{_count(count, 'task')} of {gym}" for gym, count in counts)
    return [f"transfer, never trained on: {listed}, before and after"] if counts else []


def _requests(counts: Mapping[str, int]) -> list[str]:
    most = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in counts.items())
    return [f"endpoint requests, at most: {most}"] if most else []


def _plain(node: Bundle) -> Bundle:
    return {kind: amount for kind, amount in node.items() if amount and "memory" not in kind and not kind.startswith("node:")}


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
