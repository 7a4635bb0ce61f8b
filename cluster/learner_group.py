"""RLlib's idea of a learner, filled with ours: one DeepSpeed rank group per trained policy.

`Algorithm` wants a `LearnerGroup` to save, restore and shut down. Nothing else of RLlib's learner is used: no RLModule,
no Learner, no DDP. Weights never pass through here: `get_state` answers with versions, or a model would be gathered
into the driver each time RLlib asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import ray
from ray.rllib.core import COMPONENT_LEARNER, COMPONENT_RL_MODULE
from ray.rllib.core.learner.learner_group import LearnerGroup

from cluster.observe.health import Member
from learner.rank_group import HEALTH, RankGroup


class RankGroups(LearnerGroup):  # type: ignore[misc]  # RLlib is not typed
    """`{policy: RankGroup}`, each with the version of its weights."""

    def __init__(self, config: Any) -> None:  # RLlib's own set-up of learners is left out on purpose
        self.config = config
        self.ranks: dict[str, RankGroup] = {}
        self.versions: dict[str, int] = {}
        self._is_shut_down = False
        self._learner = None

    def start(self, ranks: Mapping[str, RankGroup]) -> None:
        """Start the rank groups at version 0."""
        for policy, group in ranks.items():
            self.ranks[policy], self.versions[policy] = group, 0
            group.start()

    def restart(self) -> None:
        """End all ranks, also those that live, and start them anew with the models the run began with, at version 0."""
        for group in self.ranks.values():
            group.shutdown()
        self.start(dict(self.ranks))

    def members(self) -> list[Member]:
        """The ranks as the health thread sees them."""
        return [
            Member(f"learner {policy!r} rank {rank}", "learner", partial(_ping, handle), partial(ray.kill, handle))
            for policy, group in self.ranks.items()
            for rank, handle in enumerate(group.handles())
        ]

    def get_state(self, components: Any = None, *, not_components: Any = None, **_: Any) -> dict[str, Any]:
        return {COMPONENT_LEARNER: {COMPONENT_RL_MODULE: {}}, "versions": dict(self.versions)}

    def set_state(self, state: dict[str, Any]) -> None:
        self.versions = dict(state.get("versions", self.versions))

    def get_checkpointable_components(self) -> list[Any]:
        return []

    def get_ctor_args_and_kwargs(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (self.config,), {}

    def save_to_path(self, path: Any = None, *, state: Any = None, filesystem: Any = None, use_msgpack: bool = False) -> str:
        """Every rank writes its own shard; `hf/` beside them is the exchange format."""
        for policy, group in self.ranks.items():
            folder = Path(path) / policy
            group.save(str(folder / "shards"))
            group.export(str(folder / "hf"), self.versions[policy])
        saved: str = super().save_to_path(path, state=self.get_state(), filesystem=filesystem, use_msgpack=use_msgpack)
        return saved

    def restore_from_path(self, path: Any, *, component: Any = None, filesystem: Any = None, **kwargs: Any) -> None:
        for policy, group in self.ranks.items():
            group.restore(str(Path(path) / policy / "shards"))
        super().restore_from_path(path, component=component, filesystem=filesystem, **kwargs)

    def get_stats(self) -> dict[str, Any]:
        return dict(self.versions)

    def shutdown(self) -> None:
        for group in self.ranks.values():
            group.shutdown()
        self.ranks, self._is_shut_down = {}, True


def _ping(handle: Any) -> Any:
    return handle.ping.options(concurrency_group=HEALTH).remote()
