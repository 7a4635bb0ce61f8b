"""A tiny model and an engine that all tests of the room share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.config import EngineConfig
from actors.engine import Engine
from learner.tiny import make_tiny

TEXTS = ["user\nWhat is the date?\n", "assistant\n[action] Which color do you want?\n", "[answer] date june; color red\n"] * 20


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("models") / "tiny", TEXTS, seed=0)


@pytest.fixture(scope="session")
def engine_temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was the temp folder while the engine was made."""
    return tmp_path_factory.mktemp("temp")


@pytest.fixture(scope="session")
def engine(tiny_model: Path, engine_temp: Path) -> Iterator[Engine]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(engine_temp))
        made = make(tiny_model)
    yield made
    made.close()


def make(tiny_model: Path) -> Engine:
    return Engine("agent", str(tiny_model), EngineConfig(), max_context=512, max_sequences=64)
