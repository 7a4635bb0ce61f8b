"""Packed sequences give what each gives alone to a stock Hugging Face model: logprobs, entropies and gradients."""

from __future__ import annotations

from itertools import pairwise
from unittest.mock import create_autospec

import numpy as np
import pytest
import torch
from learner_cases import TEXTS, alike_table, mixed_table
from torch.nn.attention.bias import causal_lower_right
from torch.nn.attention.varlen import varlen_attn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AutoModelForCausalLM

from learner.attention import _per_segment, _varlen, attend
from learner.losses import trained_tokens
from learner.model import PolicyModel
from learner.packed import Segments, pack
from learner.sequences import Sequences
from learner.tiny import make_tiny


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("model") / "tiny", TEXTS, 0)


def alone(model, sequences, row, mask, temperature):
    """Logprobs and entropies of one row's trained tokens, from all logits of a stock model."""
    span = sequences.span(row)
    ids = torch.from_numpy(sequences.tokens[span].astype(np.int64))
    distribution = (model(ids[None], use_cache=False).logits[0] / temperature).log_softmax(-1)
    where = torch.from_numpy(np.flatnonzero(mask[span]))
    entropy = -(distribution.exp() * distribution).sum(-1)[where - 1]
    return distribution[where - 1, ids[where]], entropy


@pytest.mark.parametrize("table", [mixed_table(seed=3, trajectories=7), alike_table()], ids=["unlike", "alike"])
@pytest.mark.parametrize("temperature", [1.0, 0.7])
@pytest.mark.parametrize("training", [True, False])
def test_packed_equals_alone(tiny, table, temperature, training):
    sequences = Sequences.of(table)
    mask = trained_tokens("grpo", sequences)
    rows = [4, 0, 9, 2, 7, 1, 5]
    model = PolicyModel.load(tiny).train(training)
    stock = AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32, attn_implementation="sdpa").train(training)
    packed, where = pack(sequences, rows, mask)
    with torch.set_grad_enabled(training):
        logprobs, entropy = model(packed, temperature)
        expected = [alone(stock, sequences, row, mask, temperature) for row in rows]
    expected_where = [i for row in rows for i in range(*sequences.offsets[row : row + 2]) if mask[i]]
    assert sorted(where.tolist()) == sorted(expected_where)
    order = np.argsort(where)[np.argsort(np.argsort(expected_where))]
    logprobs, entropy = logprobs[order], entropy[order]
    assert torch.allclose(logprobs, torch.cat([pair[0] for pair in expected]), atol=1e-5)
    assert torch.allclose(entropy, torch.cat([pair[1] for pair in expected]), atol=1e-5)
    assert not entropy.requires_grad
    if training:
        slopes = torch.randn(len(logprobs), generator=torch.Generator().manual_seed(0)) / len(logprobs)
        (logprobs * slopes).sum().backward()
        (torch.cat([pair[0] for pair in expected]) * slopes).sum().backward()
        for (name, ours), theirs in zip(model.lm.named_parameters(), stock.parameters(), strict=True):
            assert torch.allclose(ours.grad, theirs.grad, atol=1e-5), name


def test_a_common_beginning_is_packed_once():
    sequences = Sequences.of(alike_table(groups=1, group_size=2))
    rows = [2, 0, 3, 1]  # row 1 again, a row with the same prompt of 20 tokens, row 1 cut short, row 1
    packed, where = pack(sequences, rows, trained_tokens("grpo", sequences))
    lengths, segments = sequences.lengths, packed.segments
    assert packed.ids.shape[1] == segments.tokens == lengths[0] + lengths[1] - 20
    assert sorted(segments.shared) == [0, 20, 30], "what is there again brings nothing"
    whole = torch.split(packed.ids[0, segments.context], segments.whole_lengths)
    read = {tuple(sequences.tokens[sequences.span(row)].tolist()) for row in (0, 1, 3)}
    assert {tuple(row.tolist()) for row in whole} == read
    assert packed.targets.tolist() == sequences.tokens[where].tolist()
    assert packed.ids[0, packed.predictors].tolist() == sequences.tokens[where - 1].tolist()


def test_rows_that_share_little_are_packed_as_they_are():
    sequences = Sequences.of(mixed_table())
    assert pack(sequences, range(sequences.rows), trained_tokens("grpo", sequences))[0].segments.context is None


def test_no_trained_token_still_has_a_graph(tiny):
    sequences = Sequences.of(mixed_table())
    packed, where = pack(sequences, [0], np.zeros(len(sequences.tokens), bool))
    logprobs, _ = PolicyModel.load(tiny)(packed, 1.0)
    logprobs.sum().backward()
    assert len(logprobs) == len(where) == 0


def test_attention_refuses_what_it_would_get_wrong():
    q = torch.zeros(1, 2, 6, 4)
    k = torch.zeros(1, 1, 6, 4)
    module = torch.nn.Module()
    with pytest.raises(ValueError, match="cover the 6 packed tokens"):
        attend(module, q, k, k, None, segments=Segments((0, 5)))
    with pytest.raises(ValueError, match="cover the 6 packed tokens"):
        attend(module, q, k, k, None)
    with pytest.raises(ValueError, match="sliding window"):
        attend(module, q, k, k, None, segments=Segments((0, 6)), sliding_window=4)
    with pytest.raises(ValueError, match="rise from 0"):
        Segments((0, 3, 3))


def test_tiny_is_deterministic_and_atomic(tiny, tmp_path):
    again = make_tiny(tmp_path / "again", TEXTS, 0)
    other = make_tiny(tmp_path / "other", TEXTS, 1)
    files = sorted(path.name for path in tiny.iterdir())
    assert files == sorted(path.name for path in again.iterdir())
    assert all((tiny / name).read_bytes() == (again / name).read_bytes() for name in files)
    assert (tiny / "model.safetensors").read_bytes() != (other / "model.safetensors").read_bytes()
    assert (tiny / "tokenizer.json").read_bytes() == (other / "tokenizer.json").read_bytes()
    with pytest.raises(FileExistsError):
        make_tiny(tiny, TEXTS, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "other"]


def test_tiny_speaks_chatml(tiny):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny)
    messages = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": " hi\n"},
        {"role": "assistant", "content": None},
        {"role": "tool", "content": "né"},
    ]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    turns = ["system\ns", "user\n hi\n", "assistant\n", "tool\nné"]
    assert text == "".join(f"<|im_start|>{turn}<|im_end|>\n" for turn in turns) + "<|im_start|>assistant\n"
    assert tokenizer.decode(tokenizer.encode(text)) == text
    with_tools = tokenizer.apply_chat_template(
        messages, tokenize=False, tools=[{"type": "function", "function": {"name": "f"}}]
    )
    assert with_tools.startswith(
        '<|im_start|>system\n{"type": "function", "function": {"name": "f"}}\n<|im_end|>\n<|im_start|>system'
    )
    assert (tokenizer.pad_token, tokenizer.eos_token) == ("<|endoftext|>", "<|im_end|>")
    with pytest.raises(Exception, match="unknown role"):
        tokenizer.apply_chat_template([{"role": "judge", "content": ""}], tokenize=False)


ALIKE = Segments((0, 3, 10, 12), (0, 2, 5), torch.tensor([0, 1, 2, 0, 1, *range(3, 10), 0, 1, 3, 4, 5, 10, 11]))


@pytest.mark.parametrize("segments", [Segments((0, 3, 10, 12)), ALIKE], ids=["unlike", "alike"])
def test_the_cuda_path_hands_over_the_same_segments(monkeypatch, segments):
    """The kernel itself runs on GPUs only; its place is taken by plain attention with the kernel's own signature."""

    def kernel(query, key, value, bounds, key_bounds, longest, longest_key, *, scale, window_size, enable_gqa):
        assert bounds.dtype == key_bounds.dtype == torch.int32 and window_size == (-1, 0) and enable_gqa
        assert longest == int(bounds.diff().max()) and longest_key == int(key_bounds.diff().max())
        pieces = []
        for (low, high), (start, end) in zip(pairwise(bounds.tolist()), pairwise(key_bounds.tolist()), strict=True):
            mask = causal_lower_right(high - low, end - start)._materialize()  # as the kernel aligns its window
            own = (query[low:high], key[start:end], value[start:end])
            tensors = (tensor.transpose(0, 1)[None] for tensor in own)
            answer = scaled_dot_product_attention(*tensors, attn_mask=mask, scale=scale, enable_gqa=enable_gqa)
            pieces.append(answer[0].transpose(0, 1))
        return torch.cat(pieces)

    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", create_autospec(varlen_attn, side_effect=kernel))
    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(1, heads, 12, 8, generator=generator) for heads in (4, 2, 2))
    arguments = (query, segments.whole(key), segments.whole(value), segments, 0.3)
    assert torch.allclose(_varlen(*arguments), _per_segment(*arguments), atol=1e-6)
