"""The Ray cluster a command runs on: the one it was submitted to, or a private one on this machine.

Invariant: a cluster that was started here is ended here; one that was joined is left alone. Never `ray stop`.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ray

from cluster.config import Config
from cluster.errors import UserError
from cluster.jobs.private_ray import guard, own_temp
from cluster.start import preflight
from cluster.start.placement import Bundle

ADDRESS = "RAY_ADDRESS"
"""Set by `ray job submit`, or by hand: the cluster to join."""
CONNECT_TIMEOUT_S = 10.0
"""For the first byte to a cluster; Ray itself would try for many minutes."""


@contextmanager
def cluster(config: Config, needs: Sequence[preflight.Part] | None = None) -> Iterator[None]:
    """Join or start Ray for a run, or for the actors of `needs`. Raises UserError, before anything is started, when they do
    not fit."""
    started = connect(config, needs)
    try:
        yield
    finally:
        if started:
            ray.shutdown()


def connect(config: Config, needs: Sequence[preflight.Part] | None = None) -> bool:
    """Make sure that this process is in a cluster the run fits into; whether this call connected it."""
    needs = preflight.parts(config) if needs is None else needs
    connected = ray.is_initialized()
    if not connected:
        if not os.environ.get(ADDRESS):
            preflight.check(needs, [local_resources()])
        _init()
    try:
        preflight.check(needs, _nodes())
    except BaseException:
        if not connected:
            ray.shutdown()
        raise
    return not connected


def resources() -> Sequence[Bundle]:
    """What a run would find, node by node: the cluster it would join, or this machine. Raises UserError."""
    if not os.environ.get(ADDRESS):
        return [local_resources()]
    _init()
    try:
        return _nodes()
    finally:
        ray.shutdown()


def _nodes() -> list[Bundle]:
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _init() -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    for name in ("ray", "ray.rllib"):  # RLlib sets a level of its own, and warns of what this project has decided
        logging.getLogger(name).setLevel(logging.ERROR)
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    address = os.environ.get(ADDRESS) or "local"
    folder = own_temp()
    if address == "local":
        ray.init(address=address, include_dashboard=False, _temp_dir=str(folder), **quiet)
    else:
        _reach(address)
        _join(address, quiet)
    guard(folder)


def _join(address: str, quiet: dict[str, Any]) -> None:
    try:
        ray.init(address=address, **quiet)
    except ValueError as error:
        raise UserError(f"{ADDRESS} is {address!r}: {str(error).splitlines()[0]}") from None
    except ConnectionError:
        raise UserError(
            f"{ADDRESS} is {address!r}: Ray cannot join a cluster there; one with token authentication needs "
            f"RAY_AUTH_MODE=token, and its token in RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH."
        ) from None


def _reach(address: str) -> None:
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        return  # `auto`: Ray looks for one on this machine
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_TIMEOUT_S).close()
    except OSError as error:
        raise UserError(f"{ADDRESS} is {address!r}: nothing answers there ({error}).") from None


def local_resources() -> dict[str, float]:
    """What a private cluster on this machine would have."""
    import torch

    return {"CPU": float(os.cpu_count() or 1), "GPU": float(torch.cuda.device_count())}
