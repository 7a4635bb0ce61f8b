"""Fixtures of the tests that run whole systems."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_run import small

from cluster.start.parts import Models
from cluster.start.prepare import prepare


@pytest.fixture(scope="session")
def models(ray_cluster: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Models]:
    """The models of small runs, trained by imitation once per session, and the root they lie under."""
    root = tmp_path_factory.mktemp("runs")
    return root, prepare(small(root), lambda *_: None)
