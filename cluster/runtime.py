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

ADDRESS = "RAY_ADDRESS"
"""Set by `ray job submit`, or by hand: the cluster to join."""


@contextmanager
def cluster(config: Config) -> Iterator[None]:
    """Join or start Ray for a run. Raises UserError, before anything is started, when the run does not fit."""
    started = connect(config)
    try:
        yield
    finally:
        if started:
            ray.shutdown()


def connect(config: Config) -> bool:
    """Make sure that this process is in a cluster the run fits into; whether this call connected it."""
    connected = ray.is_initialized()
    if not connected:
        if not os.environ.get(ADDRESS):
            preflight.check(config, local_resources())
        _init()
    try:
        preflight.check(config, ray.cluster_resources())
    except BaseException:
        if not connected:
            ray.shutdown()
        raise
    return not connected


def resources() -> dict[str, float]:
    """What a run would find: the resources of the cluster it would join, or of this machine."""
    if not os.environ.get(ADDRESS):
        return local_resources()
    _init()
    try:
        return {kind: ray.cluster_resources().get(kind, 0.0) for kind in ("CPU", "GPU")}
    finally:
        ray.shutdown()


def _init() -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    for name in ("ray", "ray.rllib"):  # RLlib sets a level of its own, and warns of what this project has decided
        logging.getLogger(name).setLevel(logging.ERROR)
    address = os.environ.get(ADDRESS) or "local"
    private = {"include_dashboard": False} if address == "local" else {}
    ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **private)


def local_resources() -> dict[str, float]:
    """What a private cluster on this machine would have."""
    import torch

    return {"CPU": float(os.cpu_count() or 1), "GPU": float(torch.cuda.device_count())}
