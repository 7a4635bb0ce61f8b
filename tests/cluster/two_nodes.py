"""A run over two Ray nodes of which one dies; run in a process of its own, prints what happened as JSON.

Both nodes have a place for a rollout worker and for a judge, only the first one for the learner. The second node is
removed, without grace, as soon as the groups of a step are dispatched. At the end a third one offers a place for a judge.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import ray
from ray.cluster_utils import Cluster
from ray.exceptions import RayError
from small_run import small

from actors.pool import ActorPool, PoolError
from cluster.groups.lineage import replay
from cluster.grpo_config import GRPOConfig

PLACES = {"rollout_node": 1.0, "judge_node": 1.0}
DEADLINE_S = 60.0
"""For the dispatch of a step, which takes a second."""


class Idle:
    """An actor that asks for what is taken."""

    def ping(self) -> None:
        return


def nodes_of(kind: str) -> list[str]:
    """Where the actors live whose Ray names begin with `kind`."""
    handles = [ray.get_actor(name) for name in ray.util.list_named_actors() if name.startswith(kind)]
    here = [handle.__ray_call__.remote(lambda _: ray.get_runtime_context().get_node_id()) for handle in handles]
    return sorted(ray.get(here, timeout=DEADLINE_S))


def comes_to(node: str, kind: str) -> bool:
    """Whether an actor of the kind lives on that node within the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        with contextlib.suppress(RayError):  # one that is restarting refuses the question
            if node in nodes_of(kind):
                return True
        time.sleep(0.2)
    return False


def removed_in_the_middle(cluster: Cluster, node: Any, ledger: Path) -> threading.Thread:
    """A thread that removes the node once groups are dispatched that the ledger does not hold yet."""
    before = ledger.read_text().count('"dispatched"')

    def remove() -> None:
        deadline = time.monotonic() + DEADLINE_S
        while ledger.read_text().count('"dispatched"') == before and time.monotonic() < deadline:
            time.sleep(0.005)
        cluster.remove_node(node, allow_graceful=False)

    thread = threading.Thread(target=remove)
    thread.start()
    return thread


def main(root: Path) -> dict[str, Any]:
    head = {"num_cpus": 2, "resources": {**PLACES, "learner_node": 1.0}, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args={**head, "object_store_memory": 150 * 2**20})
    second = cluster.add_node(num_cpus=2, resources=PLACES, object_store_memory=100 * 2**20)
    ray.init(cluster.address, log_to_driver=False)
    config = small(
        root,
        "two-nodes",
        sft=None,
        policies={"agent": {"model": {"tiny": "agent"}, "train": True}, "user": {"mix": [{"speaker": "scripted"}]}},
        rollout={"workers": 2, "group_size": 2, "groups_per_step": 4, "concurrency": 4, "max_turn_tokens": 24}
        | {"max_context": 384, "resources": {"rollout_node": 1.0}},
        judges={"default": {"actors": 2, "resources": {"judge_node": 1.0}}},
        learner={"resources": {"learner_node": 1.0}},
        monitor={"wandb": "disabled"},
    )
    algorithm = GRPOConfig().run(config).build_algo()
    try:
        algorithm.train()
        placed = {kind: nodes_of(kind) for kind in ("rollout worker", "judge")}
        directory = algorithm.recorder.directory
        thread = removed_in_the_middle(cluster, second, directory.ledger)
        for _ in range(2):
            algorithm.train()
        thread.join()
        counts = replay(directory.ledger.read_text().splitlines(keepends=True))
        try:
            ActorPool.start("late", Idle, (), 1, 2.0, num_cpus=0.5, resources={"rollout_node": 1.0})
            late = ""
        except PoolError as error:
            late = str(error)
        third = cluster.add_node(num_cpus=1, resources={"judge_node": 1.0}, object_store_memory=100 * 2**20)
        return {
            "nodes": sorted([cluster.head_node.node_id, second.node_id]),
            "placed": placed,
            "restarts": algorithm.parts.workers.restarts,
            "version": algorithm.version,
            "ledger": {name: getattr(counts, name) for name in ("consumed", "dropped", "retried", "steps", "live")},
            "late": late,
            "judge came back": comes_to(third.node_id, "judge"),
        }
    finally:
        algorithm.stop()
        ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))), flush=True)
