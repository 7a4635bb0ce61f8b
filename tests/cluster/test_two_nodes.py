"""A run over two nodes: its actors go where the resources are, and it outlives the node that is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from own_ray import end, ray_folder

SCRIPT = Path(__file__).with_name("two_nodes.py")
DEADLINE_S = 600
"""For the whole script: 35 s on two idle cores, several times that beside other runs."""


@pytest.fixture(scope="module")
def happened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the script in `two_nodes.py` saw."""
    with ray_folder() as folder:
        environment = {**os.environ, "RAY_TMPDIR": folder, "RAY_memory_monitor_refresh_ms": "0", "RAY_AUTH_MODE": "disabled"}
        environment |= {"PYTHONPATH": str(SCRIPT.parents[2])}
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(tmp_path_factory.mktemp("two-nodes"))],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            printed, _ = process.communicate(timeout=DEADLINE_S)
        finally:
            end(process)
        assert process.returncode == 0, printed
        yield json.loads(printed.splitlines()[-1])


def test_actors_are_placed_by_their_resources(happened: dict[str, Any]):
    """Each node has room for one worker and one judge."""
    assert happened["placed"] == {"rollout worker": happened["nodes"], "judge": happened["nodes"]}


def test_the_run_goes_on_when_a_node_dies_in_the_middle_of_a_step(happened: dict[str, Any]):
    """Groups of the lost worker are played again by the one that is left, and every group counts exactly once."""
    ledger = happened["ledger"]
    assert happened["version"] == 3
    assert ledger["retried"] >= 1, "the node held groups when it died"
    assert (ledger["consumed"], ledger["steps"], ledger["dropped"], ledger["live"]) == (12, 3, 0, 0)
    assert happened["restarts"] == 1


def test_an_actor_comes_back_where_a_new_node_offers_its_resources(happened: dict[str, Any]):
    assert happened["judge came back"]


def test_an_actor_that_finds_no_place_says_what_it_needs_and_what_is_free(happened: dict[str, Any]):
    assert (
        "1 of 1 do not answer; each needs CPU 0.5, rollout_node 1, and free in the whole cluster now: CPU " in happened["late"]
    )
    assert happened["late"].endswith("rollout_node 0")
