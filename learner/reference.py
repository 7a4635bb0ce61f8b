"""A frozen model: the policy as it was when training began, or another that a KL is measured against.

Invariants
- One copy per rank, as large as the weights in float32, on the rank's device from the first measurement to the end of
  the rank. It has no gradient and no optimizer state, and belongs to no ZeRO partition.
- The start is read from the model folder the rank started with and never from a checkpoint, so after a restore it is
  the same.
- Measuring leaves weights and random state as they were: a step gives the same bits with and without it.
"""

from __future__ import annotations

from pathlib import Path

import torch

from learner.losses.surrogate import k3
from learner.model import PolicyModel
from learner.packed import Packed


class Reference:
    """One frozen model of one rank. Nothing is loaded before the first `logprobs`."""

    def __init__(self, path: str | Path, device: torch.device) -> None:
        self._path, self._device = path, device
        self._model: PolicyModel | None = None

    def logprobs(self, packed: Packed, temperature: float) -> torch.Tensor:
        """`[M]` its log probabilities of the trained tokens. Raises OSError when the model folder is gone."""
        if self._model is None:
            self._model = self._load()
        with torch.no_grad():
            logprobs: torch.Tensor = self._model(packed, temperature)[0]
        return logprobs

    def _load(self) -> PolicyModel:
        # Making a model may draw random numbers for weights that the file then overwrites.
        with torch.random.fork_rng(devices=[self._device] if self._device.type == "cuda" else []):
            model = PolicyModel.load(self._path)
        return model.requires_grad_(False).eval().to(self._device)


def require_same_vocabulary(policy: str | Path, other: str | Path) -> None:
    """Raise ValueError unless both folders give every id the same text: a KL between them would be of nothing otherwise."""
    from transformers import AutoTokenizer

    ours, theirs = (AutoTokenizer.from_pretrained(path, local_files_only=True).get_vocab() for path in (policy, other))
    if ours != theirs:
        raise ValueError(f"kl.to is {str(other)!r}: the policy's vocabulary is another; name a model with the same tokenizer")


def divergence(old: torch.Tensor, start: torch.Tensor) -> dict[str, torch.Tensor]:
    """Sums over `[M]` tokens that the old policy sampled; their means estimate KL(pi_old | pi_start) in nats per token.

    `kl_to_start` is never negative and varies little, `kl_to_start_k1` is the plain log ratio (Schulman 2020,
    "Approximating KL Divergence", k3 and k1). The two agree where the samples come from pi_old; stale rollouts bias both.
    """
    return {"kl_to_start": k3(start - old).sum(), "kl_to_start_k1": (old - start).sum()}
