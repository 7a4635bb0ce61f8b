"""The parameters of TravelGym, checked: what a turn pays, and how patient user and search are."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Terms:
    """See `gym.py`. Raises ValueError."""

    search_reward: float
    preference_reward: float
    best_reward: float
    other_reward: float
    elicitation_interval: int
    search_failure_interval: int
    strict: bool

    def __post_init__(self) -> None:
        for each in fields(self)[:4]:
            if not 0 <= getattr(self, each.name) <= 1:
                raise ValueError(f"{each.name} is {getattr(self, each.name)}, but it is 0 to 1.")
        if self.elicitation_interval < 1:
            raise ValueError(f"elicitation_interval is {self.elicitation_interval}, but it is 1 or more.")
        if self.search_failure_interval < 0 or self.search_failure_interval == 1:
            raise ValueError(
                f"search_failure_interval is {self.search_failure_interval}, but it is 0 (no search fails) or 2 or more."
            )
