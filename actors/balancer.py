"""Which member of a pool gets the next call: a pure state machine, without Ray and without a clock.

Invariants
- A call goes to the available member with the fewest calls in flight; ties go to the lowest id.
- `release` is called once for every `acquire`, also after the member was lost.
"""

from __future__ import annotations


class NobodyAvailable(RuntimeError):
    """Every member of the pool is out of service."""


class Balancer:
    """Bookkeeping of calls in flight."""

    def __init__(self, members: int) -> None:
        self.in_flight: dict[int, int] = dict.fromkeys(range(members), 0)
        self._out: set[int] = set()

    def acquire(self) -> int:
        """Choose a member and count the call. Raises NobodyAvailable."""
        available = self.in_service()
        if not available:
            raise NobodyAvailable("no member of the pool is in service")
        member = min(available, key=lambda m: (self.in_flight[m], m))
        self.in_flight[member] += 1
        return member

    def release(self, member: int) -> None:
        """The call ended, well or badly."""
        if self.in_flight.get(member, 0) < 1:
            raise ValueError(f"member {member} has no call in flight")
        self.in_flight[member] -= 1

    def lost(self, member: int) -> None:
        """Take a member out of service until `back`."""
        self._out.add(member)

    def back(self, member: int) -> None:
        """Put a member back into service."""
        self._out.discard(member)

    def in_service(self) -> list[int]:
        """The members that are not lost, in order."""
        return [member for member in self.in_flight if member not in self._out]
