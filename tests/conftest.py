"""Fixtures that all rooms share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

# Before torch is imported: engines and learners of a test session share few cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell that starts the tests in the background lets them, and all they start, ignore Ctrl-C; some test just that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[None]:
    """One local Ray for the whole session; more CPUs than the machine has, for actors here mostly wait."""
    import ray

    os.environ["RAY_memory_monitor_refresh_ms"] = "0"  # noqa: SIM112  (spelt as Ray reads it)
    ray.init(address="local", num_cpus=8, include_dashboard=False, object_store_memory=300 * 2**20, log_to_driver=False)
    yield
    ray.shutdown()
