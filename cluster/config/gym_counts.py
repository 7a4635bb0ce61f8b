"""How many held-out tasks of which gym an evaluation plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cluster.config import Config


def heldout_counts(config: Config, *, transfer: bool = False) -> dict[str, int]:
    """Gym -> tasks, of the gyms that are trained on or of those that are not."""
    if not transfer:
        return dict.fromkeys(config.gyms.train, config.eval.tasks)
    return {gym: section.tasks or config.eval.tasks for gym, section in config.gyms.transfer.items()}
