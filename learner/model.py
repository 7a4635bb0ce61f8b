"""The policy as the learner sees it: packed tokens in, logprobs of the trained tokens out.

Invariants
- `use_cache=False` and no attention mask: with packed positions and a cache Hugging Face attends across sequences,
  silently.
- Logits exist only at positions whose next token is trained; they are float32 and divided by the sampling temperature,
  so the logprobs are those of the engine's `processed_logprobs`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from learner.adapters import adapt
from learner.config import LearnerConfig
from learner.packed import Packed

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class PolicyModel(nn.Module):
    """A causal language model that scores packed sequences."""

    def __init__(self, lm: PreTrainedModel) -> None:
        super().__init__()
        self.lm = lm

    @classmethod
    def of(cls, path: str | Path, config: LearnerConfig, seed: int) -> PolicyModel:
        """A model to learn with, as `config` wants it. Raises OSError if there is none at `path`, ValueError for adapters
        that do not fit it."""
        model = cls.load(path, getattr(torch, config.dtype))
        if config.lora is not None:
            adapt(model.lm, config.lora, seed)
        if config.gradient_checkpointing:
            model.lm.gradient_checkpointing_enable({"use_reentrant": False})
        return model.train()

    @classmethod
    def load(cls, path: str | Path, dtype: torch.dtype = torch.float32) -> PolicyModel:
        """Read a Hugging Face folder. Raises OSError if there is none."""
        from transformers import AutoModelForCausalLM

        from learner.attention import NAME

        return cls(AutoModelForCausalLM.from_pretrained(path, dtype=dtype, attn_implementation=NAME, local_files_only=True))

    def forward(self, packed: Packed, temperature: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Logprobs and entropies (nats) of the M trained tokens, both `[M]` float32; only the logprobs carry a gradient."""
        logits = self.lm(
            input_ids=packed.ids,
            position_ids=packed.positions,
            attention_mask=None,
            use_cache=False,
            logits_to_keep=packed.predictors,
            segments=packed.segments,
        ).logits[0]
        logits = logits.float() if temperature == 1.0 else logits.float() / temperature
        distribution = logits.log_softmax(-1)
        logprobs = distribution.gather(-1, packed.targets[:, None])[:, 0]
        with torch.no_grad():
            entropy = -torch.linalg.vecdot(distribution.exp(), distribution)
        return logprobs, entropy
