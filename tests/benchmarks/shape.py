"""Qwen3-shaped models with random weights: no model hub is needed, and speed does not depend on what a model knows."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HEAD = 64


@dataclass(frozen=True, slots=True)
class Shape:
    """Of a Qwen3 model with tied embeddings and heads of 64, two query heads to a key head."""

    hidden: int
    layers: int

    @property
    def heads(self) -> int:
        return self.hidden // HEAD

    @property
    def kv_heads(self) -> int:
        return max(1, self.heads // 2)

    @property
    def mlp(self) -> int:
        return 3 * self.hidden


def write(folder: Path, shape: Shape, texts: Iterable[str], *, vocabulary: int = 1024) -> Path:
    """The model and a tokenizer trained on `texts`, which has at most `vocabulary` tokens, as a Hugging Face folder."""
    from learner.tiny import make_tiny  # imports transformers, which some actors are better without

    return make_tiny(
        folder,
        texts,
        seed=0,
        hidden=shape.hidden,
        layers=shape.layers,
        heads=shape.heads,
        kv_heads=shape.kv_heads,
        head_dim=HEAD,
        mlp=shape.mlp,
        vocabulary=vocabulary,
        init_std=0.02,
    )


def in_memory(shape: Shape, vocabulary: int, attention: str) -> Any:
    """The model alone, in float32; equal arguments but for the attention give equal weights."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = Qwen3Config(
        vocab_size=vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.mlp,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=HEAD,
        tie_word_embeddings=True,
        attn_implementation=attention,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Qwen3ForCausalLM(config).float()


def babble(words: int, seed: int) -> str:
    """Words that nobody wrote, out of a fixed stock of two thousand."""
    stock = random.Random(0)
    known = ["".join(stock.choices("abcdefghijklmnopqrstuvwxyz", k=stock.randint(2, 9))) for _ in range(2000)]
    return " ".join(random.Random(f"babble {seed}").choices(known, k=words))
