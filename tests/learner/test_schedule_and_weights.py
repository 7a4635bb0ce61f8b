"""Learning rates and the flat buffer of weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import xxhash

from learner.config import LearnerConfig
from learner.schedule import learning_rate
from learner.weights import pack


def rates(total: int, **settings) -> list[float]:
    config = LearnerConfig(lr=1.0, **settings)
    return [learning_rate(config, step, total) for step in range(total)]


def test_constant():
    assert rates(3) == [1.0, 1.0, 1.0]


def test_warmup_rises_then_holds():
    assert rates(8, warmup=0.5) == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1])


def test_decays_reach_zero_after_the_last_step():
    assert rates(4, schedule="linear") == pytest.approx([1, 0.75, 0.5, 0.25])
    assert rates(4, schedule="cosine") == pytest.approx([1, 0.853553, 0.5, 0.146447], abs=1e-6)


def test_warmup_then_cosine_is_monotone_around_its_peak():
    values = rates(100, schedule="cosine", warmup=0.1)
    assert np.argmax(values) == 10 and values[10] == 1.0
    assert np.all(np.diff(values[:11]) > 0) and np.all(np.diff(values[10:]) < 0)


def test_outside_the_run():
    with pytest.raises(ValueError):
        learning_rate(LearnerConfig(), 4, 4)


def test_pack_round_trip():
    model = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Linear(5, 1).to(torch.bfloat16))
    packed = pack(model.named_parameters(), 7)
    assert packed["version"] == 7
    assert packed["checksum"] == xxhash.xxh3_64_hexdigest(packed["flat"].tobytes())
    assert [entry[:3] for entry in packed["manifest"]] == [
        ("0.weight", "float32", (5, 3)),
        ("0.bias", "float32", (5,)),
        ("1.weight", "bfloat16", (1, 5)),
        ("1.bias", "bfloat16", (1,)),
    ]
    buffer = torch.from_numpy(packed["flat"])
    for (name, dtype, shape, offset), value in zip(packed["manifest"], model.parameters(), strict=True):
        assert offset % 64 == 0
        read = buffer[offset : offset + value.nbytes].view(getattr(torch, dtype)).view(shape)
        assert torch.equal(read, value), name


def test_tied_weights_are_packed_once():
    model = torch.nn.ModuleDict({"embed": torch.nn.Embedding(4, 2), "head": torch.nn.Linear(2, 4, bias=False)})
    model["head"].weight = model["embed"].weight
    assert [entry[0] for entry in pack(model.named_parameters(), 0)["manifest"]] == ["embed.weight"]
