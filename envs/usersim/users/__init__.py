"""Rule users: pure functions from a situation to a trace. They are the benchmark's invariants and the teachers of imitation."""

from __future__ import annotations

from collections.abc import Callable

from envs.usersim.trace.trace import Trace
from envs.usersim.users.oracle import oracle
from envs.usersim.users.simple import always_ask, always_no, always_yes, over_compliant, random_user
from envs.usersim.users.situation import Situation

User = Callable[[Situation], Trace]
USERS: dict[str, User] = {
    "always_yes": always_yes,
    "always_no": always_no,
    "always_ask": always_ask,
    "random": random_user,
    "oracle": oracle,
    "over_compliant": over_compliant,
}

__all__ = ["USERS", "Situation", "User"]
