"""Buckets of `learner.gather`: nothing lost, order kept, none too large. That ranks agree on values is in test_rank_group."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch
from torch.nn import Parameter

from learner import gather

SIZES = [3, 4, 1, 12, 2, 2, 2, 5]
NAMED = [(f"p{number}", Parameter(torch.full((size,), float(number)))) for number, size in enumerate(SIZES)]


@pytest.fixture
def gathered(monkeypatch) -> list[list[int]]:
    """Sizes of the parameters that were asked for together, bucket by bucket."""
    seen: list[list[int]] = []

    def record(parameters):
        seen.append([parameter.numel() for parameter in parameters])
        return nullcontext()

    monkeypatch.setattr(gather, "_gathered", record)
    return seen


@pytest.mark.parametrize(
    ("bucket", "expected"),
    [
        (1, [[size] for size in SIZES]),
        (5, [[3], [4, 1], [12], [2, 2], [2], [5]]),
        (8, [[3, 4, 1], [12], [2, 2, 2], [5]]),
        (20, [[3, 4, 1, 12], [2, 2, 2, 5]]),
        (31, [SIZES]),
    ],
)
def test_a_bucket_is_as_full_as_it_may_be(gathered, bucket, expected):
    values = [(name, value[0].item(), value.numel()) for name, value in gather.whole(NAMED, bucket)]
    assert values == [(f"p{number}", number, size) for number, size in enumerate(SIZES)]
    assert gathered == expected
    assert all(sum(sizes) <= bucket or len(sizes) == 1 for sizes in gathered)


def test_a_divided_parameter_counts_whole(gathered):
    divided = [(name, Parameter(torch.zeros(1))) for name in "abc"]
    for _, parameter in divided:
        parameter.ds_shape = (2, 3)
    assert [name for name, _ in gather.whole(divided, 12)] == ["a", "b", "c"]
    assert list(map(len, gathered)) == [2, 1]


def test_the_default_is_a_size_that_was_measured(gathered):
    model = [(name, Parameter(torch.zeros(gather.BUCKET // 2, device="meta"))) for name in "abcde"]
    assert len(list(gather.whole(model))) == 5
    assert list(map(len, gathered)) == [2, 2, 1]
    assert gather.BUCKET == 20_000_000


def test_nothing_is_gathered_of_nothing(gathered):
    assert list(gather.whole([])) == [] and gathered == []
