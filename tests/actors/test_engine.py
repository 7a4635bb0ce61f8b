"""The real vLLM engine on a CPU, with a tiny model."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ray
import torch
from ray.exceptions import RayActorError
from torch.nn import Parameter
from transformers import AutoModelForCausalLM

from actors.config import EngineConfig
from actors.engine import Completion, Engine, EngineDead, Sampling
from actors.engine_actor import EngineActor
from actors.environment import ENVIRONMENT
from actors.weights import ChecksumMismatch, Published, merged, unpack
from learner.weights import pack

PROMPT = list(range(10, 50))


def sampling(max_tokens: int, seed: int = 0, temperature: float = 1.0) -> Sampling:
    return Sampling(temperature, max_tokens, seed, stop=())


async def generate(engine: Engine, max_tokens: int, seed: int = 0, temperature: float = 1.0) -> Completion:
    return await engine.generate("agent", PROMPT, sampling(max_tokens, seed, temperature))


def reference(model: torch.nn.Module, new: int) -> list[int]:
    """Greedy tokens of transformers."""
    with torch.no_grad():
        ids = model.generate(torch.tensor([PROMPT]), max_new_tokens=new, do_sample=False, eos_token_id=None)  # type: ignore[operator]
    return list(ids[0, len(PROMPT) :].tolist())


def other_weights(path: Path) -> torch.nn.Module:
    """The model, moved far enough that its greedy words change."""
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
    return model


async def test_64_seeded_requests_of_300_tokens_finish_and_do_not_depend_on_their_neighbours(engine: Engine):
    alone = await generate(engine, 300, seed=7)
    together = await asyncio.gather(*(generate(engine, 300, seed=seed) for seed in range(64)))
    assert len(together) == 64
    assert all(len(completion.tokens) == 300 or completion.finish == "stop" for completion in together)
    assert together[7].tokens == alone.tokens
    assert together[7].logprobs == pytest.approx(alone.logprobs, abs=1e-5)
    assert together[7].tokens != together[8].tokens


async def test_logprobs_are_after_temperature(engine: Engine, tiny_model: Path):
    completion = await generate(engine, 20, seed=3, temperature=0.7)
    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    with torch.no_grad():
        logits = model(torch.tensor([PROMPT + completion.tokens]), use_cache=False).logits[0]
    expected = torch.log_softmax(logits / 0.7, -1)[len(PROMPT) - 1 : -1]
    wanted = [expected[place, token].item() for place, token in enumerate(completion.tokens)]
    assert completion.logprobs == pytest.approx(wanted, abs=1e-4)


async def test_an_update_in_flight_gives_exactly_the_new_weights(engine: Engine, tiny_model: Path):
    """Tied embeddings included: the stock reload would answer with the old output embedding, without a warning."""
    model = other_weights(tiny_model)
    before = await generate(engine, 24, temperature=0.0)
    running = [asyncio.create_task(generate(engine, 400, seed=seed)) for seed in range(4)]
    await asyncio.sleep(0.1)
    assert not any(task.done() for task in running)
    await engine.load(pack(model.named_parameters(), version=1))
    after = await generate(engine, 24, temperature=0.0)
    spans = [completion.versions for completion in await asyncio.gather(*running)]
    original = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    await engine.load(pack(original.named_parameters(), version=0))
    assert await generate(engine, 24, temperature=0.0) == before, "and back again"
    assert after.tokens == reference(model, 24)
    assert after.tokens != before.tokens
    assert set(after.versions) == {1}
    assert set(before.versions) == {0}
    for versions in spans:
        assert sorted(set(versions)) == [0, 1], "each token knows the weights that sampled it"
        assert versions == sorted(versions)


def adapters(model: torch.nn.Module, seed: int, scale: float) -> tuple[Published, dict[str, torch.Tensor]]:
    """Adapters for some layers as a learner publishes them, and the changed weights that they stand for."""
    generator = torch.Generator().manual_seed(seed)
    published, changed = [], {}
    for name, parameter in model.named_parameters():
        if name.endswith(("q_proj.weight", "v_proj.weight", "down_proj.weight")):
            layer = name.removesuffix(".weight")
            a, b = (torch.randn(shape, generator=generator) for shape in ((4, parameter.shape[1]), (parameter.shape[0], 4)))
            published += [(f"{layer}.lora_A.weight", Parameter(a)), (f"{layer}.lora_B.weight", Parameter(b))]
            changed[name] = parameter.detach() + scale * b @ a
    return pack(published, seed, scale), changed


async def test_adapters_alone_change_the_engine_as_whole_weights_would_and_do_not_add_up(engine: Engine, tiny_model: Path):
    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    before = await generate(engine, 24, temperature=0.0)
    published, _ = adapters(model, 1, 0.02)
    await engine.load(published)
    assert (await generate(engine, 24, temperature=0.0)).tokens != before.tokens
    published, changed = adapters(model, 2, 0.03)
    assert published["flat"].nbytes < sum(weight.nbytes for weight in model.parameters()) / 2
    await engine.load(published)
    after = await generate(engine, 24, temperature=0.0)
    await engine.load(pack(model.named_parameters(), version=0))
    model.load_state_dict(changed, strict=False)
    assert after.tokens == reference(model, 24) and after.tokens != before.tokens
    assert await generate(engine, 24, temperature=0.0) == before, "and back again"


def test_adapters_for_a_layer_that_is_not_there_are_refused(tiny_model: Path):
    published = pack([(f"model.nowhere.lora_{end}.weight", Parameter(torch.zeros(2, 2))) for end in "AB"], 1, 1.0)
    with pytest.raises(KeyError, match=r"model\.nowhere"):
        list(merged(published, tiny_model))


async def test_a_flipped_byte_is_refused_and_the_old_weights_stay(engine: Engine, tiny_model: Path):
    before = await generate(engine, 8, temperature=0.0)
    published = pack(other_weights(tiny_model).named_parameters(), version=9)
    published["flat"][100] ^= 1
    with pytest.raises(ChecksumMismatch, match="version 9"):
        await engine.load(published)
    assert (await generate(engine, 8, temperature=0.0)).tokens == before.tokens


def test_unpacking_gives_back_what_was_packed(tiny_model: Path):
    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    published = pack(model.named_parameters(), version=1)
    published["flat"].setflags(write=False)
    named = dict(unpack(published))
    assert all(torch.equal(named[name], parameter) for name, parameter in model.named_parameters())
    assert "lm_head.weight" not in named, "tied: it is the embedding"
    assert published["flat"].dtype == np.uint8


@pytest.mark.parametrize(
    ("policy", "ids", "tokens", "version", "message"),
    [
        ("user", PROMPT, 4, 0, "holds policy 'agent'"),
        ("agent", PROMPT, 4, 5, "version 0, asked for at least 5"),
        ("agent", PROMPT, 500, 0, "do not fit max_context 512"),
        ("agent", [], 4, 0, "do not fit"),
    ],
)
async def test_a_request_that_can_never_be_served_is_refused(engine, policy, ids, tokens, version, message):
    with pytest.raises(ValueError, match=message):
        await engine.generate(policy, ids, sampling(tokens), version)


def sabotaged() -> type[EngineActor]:
    """An engine actor that can be told to break; made here so that Ray ships it by value."""

    class Sabotaged(EngineActor):
        async def sabotage(self) -> None:
            def broken() -> list[object]:
                raise RuntimeError("out of luck")

            self._engine._engine.step = broken

    return Sabotaged


def test_a_failure_inside_the_engine_fails_every_call_with_its_cause_and_ends_the_actor(ray_cluster: None, tiny_model: Path):
    config = EngineConfig()
    actor = ray.remote(sabotaged()).options(num_cpus=0.1, max_restarts=-1, runtime_env={"env_vars": ENVIRONMENT})
    handle = actor.remote("agent", str(tiny_model), config, 512, 16)
    vitals = ray.get(handle.ping.remote(), timeout=120)
    assert (vitals["version"], vitals["pending"], vitals["tokens"]) == (0, {"engine steps": 0}, 0)
    waiting = [handle.generate.remote([("agent", PROMPT, sampling(400, seed), 0)]) for seed in range(3)]
    ray.get(handle.sabotage.remote(), timeout=30)
    for (answer,) in ray.get(waiting, timeout=10):
        assert isinstance(answer, EngineDead)
        assert "out of luck" in str(answer)
    completion = ask_until_restarted(handle)
    ray.kill(handle)
    assert len(completion.tokens) == 4


def ask_until_restarted(handle: Any, timeout_s: float = 120.0) -> Completion:
    """Ray starts the actor again; calls until then fail at once."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            (answer,) = ray.get(handle.generate.remote([("agent", PROMPT, sampling(4), 0)]), timeout=timeout_s)
        except RayActorError as error:
            answer = error
        if isinstance(answer, Completion):
            return answer
        assert time.monotonic() < deadline, f"the actor did not come back: {answer}"
        time.sleep(0.2)


def test_a_process_holds_one_engine(engine: Engine, tiny_model: Path):
    with pytest.raises(RuntimeError, match="has an engine already"):
        Engine("user", str(tiny_model), EngineConfig(), max_context=512, max_sequences=16)


async def test_a_cancelled_call_leaves_the_engine_free(engine: Engine):
    task = asyncio.create_task(generate(engine, 400))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len((await generate(engine, 4)).tokens) == 4
    async with asyncio.timeout(5):
        while engine._waiting:
            await asyncio.sleep(0.01)


async def test_its_vitals_show_what_waits_and_what_was_done(engine: Engine):
    before = engine.vitals()
    task = asyncio.create_task(generate(engine, 200))
    async with asyncio.timeout(5):
        while (during := engine.vitals())["done"]["engine steps"] == before["done"]["engine steps"]:
            await asyncio.sleep(0.005)
    await task
    async with asyncio.timeout(5):
        while (after := engine.vitals())["pending"]["engine steps"]:  # it answers first and strikes off then
            await asyncio.sleep(0.01)
    assert [v["pending"]["engine steps"] for v in (before, during, after)] == [0, 1, 0]
    assert before["done"]["engine steps"] < during["done"]["engine steps"] < after["done"]["engine steps"]
    assert after["tokens"] > before["tokens"] and after["busy_s"] > before["busy_s"]


def test_nothing_is_left_in_the_temp_folder(engine: Engine, engine_temp: Path):
    """vLLM alone leaves a rendezvous file there for every engine."""
    assert list(engine_temp.iterdir()) == []
