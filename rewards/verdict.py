"""When a verdict fails, and how often it is asked for again.

`Attempts` is a pure state machine: told about each failure, it answers whether to try again. A verdict that cannot be
had raises `JudgeError`; the episode is then masked and counted, never scored 0.
"""

from __future__ import annotations

from typing import Literal

from rewards.config import RetryPolicy

Failure = Literal["transport", "invalid", "deadline"]


class JudgeError(RuntimeError):
    """No valid verdict within the retry policy. `failure` says what went wrong last."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(f"judge {failure}: {detail}")
        self.failure: Failure = failure
        self.detail = detail

    def __reduce__(self) -> tuple[type[JudgeError], tuple[Failure, str]]:
        return JudgeError, (self.failure, self.detail)


class Attempts:
    """Counts the failures of one verdict against a policy."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._left = {"transport": policy.transport, "invalid": policy.invalid}

    def again(self, failure: Failure) -> bool:
        """Record a failure; whether one more try is allowed. A passed deadline is final."""
        if failure == "deadline" or self._left[failure] == 0:
            return False
        self._left[failure] -= 1
        return True
