"""Which model a folder holds, told by its config and weights, not by its name."""

from __future__ import annotations

import hashlib
from pathlib import Path

SAMPLED_BYTES = 1 << 20
"""Of the end of every weights file; together with its size they tell two trained models apart without reading all."""


def fingerprint(model: Path) -> str:
    """Eight hex digits that change with the config or the weights of a model folder."""
    digest = hashlib.blake2b((model / "config.json").read_bytes(), digest_size=4)
    for file in sorted(model.glob("*.safetensors")):
        with file.open("rb") as weights:
            size = weights.seek(0, 2)
            weights.seek(max(0, size - SAMPLED_BYTES))
            digest.update(f"{file.name}:{size}".encode() + weights.read())
    return digest.hexdigest()
