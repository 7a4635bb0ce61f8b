"""What every benchmark is given: a run's configuration and models, and a folder to make a mess in.

Light to import: the actors of benchmarks import it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cluster.config import Config
    from cluster.start.parts import Models


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a benchmark plays."""

    config: Config
    scratch: Path
    """Empty, and removed afterwards."""
    prepared: Models | None = None

    @property
    def models(self) -> Models:
        """Agent and user, trained by imitation as the configuration says; made once, then found under `run.root`."""
        from cluster.start.prepare import prepare

        return self.prepared or prepare(self.config, lambda *_: None)
