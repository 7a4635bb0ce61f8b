"""Every benchmark runs at its smallest size and says what it found. Nothing is asserted about speed."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from small_run import small

from actors.config import SpeakerConfig
from cluster.start.parts import Models

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:  # as under `python -m`; before Ray starts, whose workers import from there too
    sys.path.append(str(ROOT))
ALONE = ("rollout", "publish", "gather", "judge", "arrow", "packing", "learner_step", "gym_steps", "usersim")
"""Those without a run; overlap and recovery share a living one, and trl has one of its own."""


def module(name: str) -> ModuleType:
    return import_module(f"tests.benchmarks.{name}")


@pytest.fixture(scope="module")
def setting(models: tuple[Path, Models], tmp_path_factory: pytest.TempPathFactory) -> Any:
    root, prepared = models
    config = small(root, monitor={"wandb": "disabled"})
    config.policies["user"].mix = [SpeakerConfig(speaker="scripted")]  # an engine less to start
    return module("setting").Setting(config, tmp_path_factory.mktemp("benchmarks"), prepared)


@pytest.fixture(scope="module")
def outcomes(setting: Any) -> Iterator[dict[str, Any]]:
    """All at once: what takes time is that their processes start."""

    def measure(name: str) -> Any:
        return module(name).measure(setting, module(name).SMALLEST)

    with ThreadPoolExecutor(len(ALONE)) as pool:
        yield dict(zip(ALONE, pool.map(measure, ALONE), strict=True))


def check(outcome: Any) -> None:
    assert outcome.compares.endswith(".")
    whats = [measure.what for measure in outcome.measures]
    assert whats and len(set(whats)) == len(whats)
    assert all(math.isfinite(value) for measure in outcome.measures for value in measure.values)
    assert json.loads(json.dumps([measure.to_dict() for measure in outcome.measures]))


@pytest.mark.parametrize("name", ALONE)
def test_a_benchmark_measures(outcomes: dict[str, Any], name: str):
    check(outcomes[name])


def test_overlap_and_recovery_are_measured_on_living_runs(setting: Any):
    overlap, recovery = module("overlap"), module("recovery")
    assert {*ALONE, "overlap", "recovery", "trl"} == {*import_module("tests.benchmarks").NAMES}
    slow, struck = (module("outcome").Outcome(part.COMPARES, {}) for part in (overlap, recovery))
    with overlap.slow_system(setting, overlap.SMALLEST) as algorithm:
        overlap.play_slowly(slow, algorithm, overlap.SMALLEST)
        recovery.strike_all(struck, algorithm, recovery.SMALLEST)
    check(slow)
    check(struck)
    found = {measure.what: measure.values for measure in slow.measures}
    assert found["slow user, staleness 0: step / bound"][0] > 1, "a bound is a bound"


STAND_IN = """
import json, sys
given = json.loads(sys.argv[1])
sampled = len(given["prompts"]) * given["group_size"] * given["completion"]
print(json.dumps({"trl": "none"}), flush=True)
for line in sys.stdin:
    once = {"seconds": 2.0, "sampled_s": 1.0, "sampled": sampled, "seen": 0}
    print(json.dumps({name: [value] * int(line) for name, value in once.items()}), flush=True)
"""


def test_a_step_is_compared_with_one_of_another_trainer(setting: Any, tmp_path: Path):
    """Without TRL, whose environment the tests do not have: what it answers is said by a stand-in."""
    trl, stand_in = module("trl"), tmp_path / "stand_in.py"
    stand_in.write_text(STAND_IN)
    outcome = trl.measure(setting, trl.SMALLEST, python=Path(sys.executable), program=stand_in)
    check(outcome)
    found = {measure.what: measure.values for measure in outcome.measures}
    assert found["TRL, 1 thread: step"] == [2.0]
    assert found["ours, staleness 0 / TRL, 1 thread"] == [found["ours, staleness 0: step"][0] / 2.0]


def test_a_trainer_that_ends_says_why(tmp_path: Path):
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('no such model')")
    with pytest.raises(RuntimeError, match="exit code 1:\nno such model"):
        module("trl.process").Process(sys.executable, {"threads": 1}, tmp_path / "scratch", broken)


def test_the_bound_of_overlap():
    """Steps whose conversations sleep 4 s in all and whose learning takes 1 s, as quick as they can be."""
    least = module("bound").least_seconds
    assert least([5.0, *range(99, 105)], [4.0] * 7, 1.0, 0, 1) == 5.0
    assert least([5.0, *range(99, 105)], [4.0] * 7, 1.0, 1, 1) == 2.5, "two steps wait at the same time"
    assert least([5.0, *range(99, 105)], [4.0] * 7, 1.0, 9, 1) == 1.0, "only the learner is in the way"


def test_results_become_a_page(tmp_path: Path):
    outcome = module("outcome").Outcome("This against that.", {"sizes": [1, 2]})
    this, that = outcome.add("this", "s", [1.0, 3.0, 2.0]), outcome.add("that", "s", [2.0, 2.0, 2.0])
    outcome.ratio("this / that", this, that)
    result = {
        "name": "arrow",
        "command": "python -m tests.benchmarks arrow",
        "date": "2026-01-01T10:00:00+00:00",
        "seconds": 1.0,
        "machine": module("machine").machine(),
        "at_start": module("machine").load(),
        "compares": outcome.compares,
        "settings": outcome.settings,
        "measures": [measure.to_dict() for measure in outcome.measures],
    }
    (tmp_path / "arrow.json").write_text(json.dumps(result))
    page = module("table").page(tmp_path)
    for text in ("## arrow", "This against that.", "python -m tests.benchmarks arrow", "2026-01-01 10:00 UTC", "sizes 1, 2"):
        assert text in page
    last = next(line for line in reversed(page.splitlines()) if line.startswith("|"))
    assert [cell.strip() for cell in last.split("|")[1:-1]] == ["this / that", "1", "0.5", "1.5", "x", "3"]
