"""ZeRO stages, precision, memory savers and adapters on real ranks, each against one plain float32 process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import ray
import torch
from learner_cases import TEXTS, mixed_table, plain_steps
from safetensors.torch import load_file

from learner.adapters import adapt, merged, scale_of, without_adapters
from learner.config import LearnerConfig, LoraConfig
from learner.model import PolicyModel
from learner.packed import Segments
from learner.plan import Update, plan
from learner.rank_group import LearnerError, RankGroup
from learner.tiny import make_tiny

LR = 1e-3
LORA = {"lora": {"rank": 4, "alpha": 8, "targets": ["q_proj", "v_proj", "down_proj"]}}
EXACT: dict[str, tuple[int, dict[str, Any]]] = {
    "zero1-checkpointing": (2, {"zero_stage": 1, "gradient_checkpointing": True}),
    "zero2-offload": (1, {"zero_stage": 2, "offload": "optimizer"}),
    "zero2-three-ranks": (3, {"zero_stage": 2}),
    "zero3-offload-checkpointing": (2, {"zero_stage": 3, "offload": "all", "gradient_checkpointing": True}),
}
BFLOAT16 = {f"zero{stage}": (2, {"zero_stage": stage, "dtype": "bfloat16"}) for stage in (1, 2, 3)}
BFLOAT16["zero2-offload-checkpointing"] = (
    1,
    {"zero_stage": 2, "dtype": "bfloat16", "offload": "optimizer", "gradient_checkpointing": True},
)
BFLOAT16["zero3-adapters"] = (2, {"zero_stage": 3, "dtype": "bfloat16", **LORA})
ADAPTED = {f"zero{stage}": (2, {"zero_stage": stage, **LORA}) for stage in (2, 3)}
ADAPTED["zero0-checkpointing"] = (1, {"zero_stage": 0, "gradient_checkpointing": True, **LORA})


def choices(of: dict[str, Any]) -> Any:
    return pytest.mark.parametrize("choice", list(of.values()), ids=list(of))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("model") / "tiny", TEXTS, 0)


@pytest.fixture
def start(ray_cluster: None, tiny: Path) -> Iterator[Callable[..., RankGroup]]:
    groups: list[RankGroup] = []

    def begin(ranks: int, settings: dict[str, Any]) -> RankGroup:
        config = LearnerConfig(ranks=ranks, max_grad_norm=0.05, step_timeout_s=60, **settings)
        groups.append(RankGroup("agent", str(tiny), config, seed=0))
        groups[-1].start()
        return groups[-1]

    yield begin
    for group in groups:
        group.shutdown()


def updates(table: pa.Table, group: RankGroup, budget: int = 150, minibatches: int = 2) -> list[Update]:
    config = group.config.model_copy(update={"tokens_per_micro_batch": budget})
    return plan(table, config, ranks=config.ranks, minibatches=minibatches, epochs=1, lrs=[LR] * minibatches, seed=0)


def published(group: RankGroup) -> dict[str, torch.Tensor]:
    packed = ray.get(group.publish(0), timeout=30)
    flat = torch.from_numpy(packed["flat"].copy())
    tensors = {}
    for name, dtype, shape, offset in packed["manifest"]:
        kind = getattr(torch, dtype)
        tensors[name] = flat[offset : offset + int(np.prod(shape)) * kind.itemsize].view(kind).view(shape)
    return tensors


def distance(some: dict[str, torch.Tensor], others: dict[str, torch.Tensor]) -> float:
    """Sum of absolute differences over the tensors in `some`."""
    return sum(float((value.float() - others[name]).abs().sum()) for name, value in some.items())


@choices(EXACT)
def test_what_saves_memory_changes_no_step(start: Any, tiny: Path, choice: Any, tmp_path: Path):
    table = mixed_table(seed=11)
    group = start(*choice)
    group.save(str(tmp_path / "state"))
    metrics = group.update(table, updates(table, group))
    weights, seen = plain_steps(PolicyModel.load(tiny).lm, table, group.config, LR)
    assert [(m["loss"], m["grad_norm"]) for m in metrics] == [pytest.approx(pair, rel=1e-4) for pair in seen]
    ours = published(group)
    assert set(ours) == set(weights)
    for name, value in weights.items():
        assert torch.allclose(ours[name], value, atol=1e-5), name
    group.restore(str(tmp_path / "state"))
    assert [m["loss"] for m in group.update(table, updates(table, group))] == [m["loss"] for m in metrics]


@choices(BFLOAT16)
def test_bfloat16_follows_float32_whatever_the_split(start: Any, tiny: Path, choice: Any, tmp_path: Path):
    table = mixed_table(seed=12)
    group = start(*choice)
    group.save(str(tmp_path / "state"))
    plain = PolicyModel.of(tiny, group.config.model_copy(update={"dtype": "float32"}), seed=0).lm
    begun = {name: value.detach().clone() for name, value in plain.named_parameters() if value.requires_grad}
    weights, seen = plain_steps(plain, table, group.config, LR)
    for budget in (60, 4096):
        group.restore(str(tmp_path / "state"))
        metrics = group.update(table, updates(table, group, budget))
        assert [(m["loss"], m["grad_norm"]) for m in metrics] == [pytest.approx(pair, rel=0.03, abs=0.003) for pair in seen]
        ours = published(group)
        assert {tensor.dtype for tensor in ours.values()} == {torch.bfloat16} and set(ours) == set(begun)
        apart, moved = distance(ours, weights), distance(begun, weights)
        assert apart < 0.2 * moved, "rounding takes a tenth; a step left out or done twice would take half"
    broken = updates(table, group)
    broken[0] = Update(broken[0].lr, float("nan"), broken[0].micro_batches)
    before = published(group)
    with pytest.raises(FloatingPointError):
        group.update(table, broken)
    assert all(torch.equal(value, before[name]) for name, value in published(group).items())


@choices(ADAPTED)
def test_adapters_learn_and_travel_alone_and_are_merged_in_the_export(start: Any, tiny: Path, choice: Any, tmp_path: Path):
    table = mixed_table(seed=13)
    group = start(*choice)
    lora = group.config.lora
    assert lora is not None
    model = PolicyModel.load(tiny).lm
    adapt(model, lora, seed=0)
    metrics = group.update(table, updates(table, group), measure_kl=True)
    assert metrics[0]["kl_to_start"] == 0.0
    weights, seen = plain_steps(model, table, group.config, LR)
    assert [(m["loss"], m["grad_norm"]) for m in metrics] == [pytest.approx(pair, rel=1e-4) for pair in seen]
    ours = published(group)
    expected = {name: value for name, value in weights.items() if "lora_" in name}
    assert set(ours) == set(expected) and len(ours) == 2 * 3 * model.config.num_hidden_layers
    for name, value in expected.items():
        assert torch.allclose(ours[name], value, atol=1e-5), name
    group.save(str(tmp_path / "state"))
    group.export(str(tmp_path / "hf"), 3)
    exported, plain = load_file(tmp_path / "hf/model.safetensors"), merged(weights, scale_of(lora))
    assert set(exported) == set(plain)
    for name, value in plain.items():
        assert torch.allclose(exported[name], value, atol=1e-5), name
    later = group.update(table, updates(table, group), measure_kl=True)
    assert later[0]["kl_to_start"] > 1e-7, "the start policy lies under the adapters"
    group.restore(str(tmp_path / "state"))
    assert [m["loss"] for m in group.update(table, updates(table, group))] == [m["loss"] for m in later]
    kept = sum(path.stat().st_size for path in (tmp_path / "state").rglob("*states.pt"))
    assert kept < 4 * 16 * sum(value.numel() for value in ours.values()) + 200_000, "frozen weights are not kept"


def test_adapters_begin_as_the_start_model_and_are_the_same_on_every_rank(tiny: Path):
    lora = LoraConfig(rank=2)
    models = [PolicyModel.load(tiny).lm for _ in range(3)]
    for seed, model in zip((1, 1, 2), models, strict=True):
        adapt(model, lora, seed)
    first, same, other = ({name: p for name, p in model.named_parameters() if p.requires_grad} for model in models)
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)
    ids, segments = torch.arange(5, 25)[None], Segments((0, 20))
    plain = PolicyModel.load(tiny).lm(ids, segments=segments).logits
    assert torch.equal(models[0](ids, segments=segments).logits, plain)
    with torch.no_grad():
        for parameter in first.values():
            parameter.fill_(0.1)
    assert not torch.equal(models[0](ids, segments=segments).logits, plain)
    with without_adapters(models[0]):
        assert torch.equal(models[0](ids, segments=segments).logits, plain)


def test_a_target_that_is_no_layer_is_named(start: Any):
    with pytest.raises(LearnerError, match=r"learner.lora.targets names 'q_prj'.*try q_proj"):
        start(1, {"lora": {"targets": ["q_prj"]}})
