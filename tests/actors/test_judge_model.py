"""A model that judges: the real vLLM engine in a real judge actor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import ray
from judge_cases import TEXTS, request
from ray.exceptions import RayActorError

from actors import judge_actor
from actors.config import EngineConfig
from actors.judge_actor import PooledJudge, start_judges
from actors.judges.vllm import fingerprint
from actors.pool import ActorPool
from envs.intention.verdict import CoverageVerdict
from learner.tiny import make_tiny
from rewards.config import JudgeConfig, RetryPolicy
from rewards.verdict import JudgeError


def sabotaged() -> type[judge_actor.JudgeActor]:
    """A judge actor that can be told to break; made here so that Ray ships it by value."""

    class Sabotaged(judge_actor.JudgeActor):
        async def sabotage(self) -> None:
            def broken() -> list[object]:
                raise RuntimeError("out of luck")

            self._backend._engine._engine.step = broken  # type: ignore[attr-defined]

    return Sabotaged


@dataclass
class Judging:
    model: Path
    config: JudgeConfig
    pool: ActorPool

    def judge(self) -> PooledJudge:
        """A judge of this event loop."""
        return PooledJudge(ActorPool("judge", self.pool.handles), self.config)


@pytest.fixture(scope="module")
def judging(ray_cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judging]:
    """An untrained judge. Its seed was chosen: it lists details twice where there are several."""
    model = make_tiny(tmp_path_factory.mktemp("models") / "tiny", TEXTS, seed=2)
    retry = RetryPolicy(transport=0, invalid=0, deadline_s=60)
    config = JudgeConfig(backend="vllm", model=str(model), max_context=1536, max_tokens=48, max_wait_ms=50, retry=retry)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judge_actor, "JudgeActor", sabotaged())
        pool = start_judges("vllm", config, cpus=0.5, timeout_s=120, model=str(model), engine=EngineConfig())
    yield Judging(model, config, pool)
    pool.close()


def test_a_model_judges_in_batches_and_its_invalid_verdicts_mask(judging: Judging):
    """Under the schema it writes well-formed JSON; whether it makes sense is for the kind's check."""
    asked = [request(utterance, topics) for utterance in ("What?", "Which color?", "", "date june") for topics in range(1, 7)]

    async def ask() -> tuple[list[Any], list[Any], dict[str, Any]]:
        judge = judging.judge()
        first = await asyncio.gather(*map(judge.verdict, asked), return_exceptions=True)
        again = await asyncio.gather(*map(judge.verdict, asked[::-1]), return_exceptions=True)
        return first, again[::-1], await judge._pool.call("ping", timeout_s=30)

    outcomes, again, vitals = asyncio.run(ask())
    invalid = [error for error in outcomes if isinstance(error, JudgeError)]
    verdicts = [verdict for verdict in outcomes if isinstance(verdict, CoverageVerdict)]
    assert len(invalid) + len(verdicts) == len(asked)
    assert {error.failure for error in invalid} == {"invalid"}
    assert {error.detail for error in invalid} == {"intention.coverage: covered lists a detail twice."}
    assert {verdict.source for verdict in verdicts} == {f"tiny@{fingerprint(judging.model)}"}
    assert list(map(str, outcomes)) == list(map(str, again)), "greedy, and independent of the batch"
    assert vitals["batch_mean"] > 1
    assert vitals["tokens"] > len(asked)
    assert vitals["done"] == {"verdicts": 2 * len(asked)}


def test_a_request_without_room_is_refused_and_harms_no_neighbour(judging: Judging):
    async def ask() -> list[Any]:
        judge = judging.judge()
        return await asyncio.gather(*map(judge.verdict, [request("x" * 4000), request()]), return_exceptions=True)

    crowded, served = asyncio.run(ask())
    assert isinstance(crowded, JudgeError)
    assert (crowded.failure, "max_context" in crowded.detail) == ("refused", True)
    assert isinstance(served, CoverageVerdict)


def test_an_engine_that_fails_is_a_failure_of_transport_and_ends_the_actor(judging: Judging):
    """The last test of the module: Ray starts the actor again, and nobody waits for that."""
    (handle,) = judging.pool.handles
    ray.get(handle.sabotage.remote(), timeout=30)
    with pytest.raises(JudgeError, match=r"out of luck|died") as caught:
        asyncio.run(judging.judge().verdict(request()))
    assert caught.value.failure == "transport"
    deadline = time.monotonic() + 10
    with pytest.raises(RayActorError):
        while time.monotonic() < deadline:
            ray.get(handle.ping.remote(), timeout=10)
            time.sleep(0.05)


def test_the_fingerprint_follows_the_weights(tiny_model: Path, tmp_path: Path):
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((tiny_model / name).read_bytes())
    assert fingerprint(tmp_path) == fingerprint(tiny_model)
    weights = bytearray((tmp_path / "model.safetensors").read_bytes())
    weights[-100] ^= 1
    (tmp_path / "model.safetensors").write_bytes(weights)
    assert fingerprint(tmp_path) != fingerprint(tiny_model)
