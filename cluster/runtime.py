"""The Ray cluster a command runs on: the one it was submitted to, or a private one on this machine.

Invariant: a cluster that was started here is ended here; one that was joined is left alone. Never `ray stop`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import ray

from cluster import preflight
from cluster.config import Config

OBJECT_STORE_BYTES = 512 << 20
"""For a private cluster: a few steps of trajectories and two sets of weights of a small model."""


@contextmanager
def cluster(config: Config) -> Iterator[None]:
    """Join or start Ray for a run. Raises UserError, before anything is started, when the run does not fit."""
    address = os.environ.get("RAY_ADDRESS")
    if ray.is_initialized():
        preflight.check(config, ray.cluster_resources())
        yield
        return
    if address is None:
        preflight.check(config, local_resources())
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    logging.getLogger("ray").setLevel(logging.ERROR)
    private = {"include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES} if address is None else {}
    ray.init(address=address or "local", log_to_driver=False, logging_level=logging.ERROR, **private)
    try:
        preflight.check(config, ray.cluster_resources())
        yield
    finally:
        ray.shutdown()


def local_resources() -> dict[str, float]:
    """What a private cluster on this machine would have."""
    import torch

    return {"CPU": float(os.cpu_count() or 1), "GPU": float(torch.cuda.device_count())}
