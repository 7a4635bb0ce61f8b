"""When a verdict (or a user behind an endpoint) fails, and how often it is asked again.

`Attempts` is a pure state machine: told about each failure, it answers whether to try again. An answer that cannot be
had raises an `Unanswered`, for a verdict `JudgeError`; the episode is then masked and counted, never scored 0.
"""

from __future__ import annotations

from typing import Literal

from rewards.config import RetryPolicy

Failure = Literal["transport", "invalid", "deadline", "refused"]
"""transport: nobody answered. invalid: the answer makes no sense. deadline: too late. refused: asking again is of no use."""


class Unanswered(RuntimeError):
    """A question that got no valid answer. `failure` says what went wrong last."""

    who = "service"

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(f"{self.who} {failure}: {detail}")
        self.failure: Failure = failure
        self.detail = detail

    def __reduce__(self) -> tuple[type[Unanswered], tuple[Failure, str]]:
        return type(self), (self.failure, self.detail)


class JudgeError(Unanswered):
    """No valid verdict within the retry policy."""

    who = "judge"


class Attempts:
    """Counts the failures of one question against a policy."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._left: dict[Failure, int] = {"transport": policy.transport, "invalid": policy.invalid}

    def again(self, failure: Failure) -> bool:
        """Record a failure; whether one more try is allowed. A passed deadline is final, and so is a refusal."""
        if self._left.get(failure, 0) == 0:
            return False
        self._left[failure] -= 1
        return True
