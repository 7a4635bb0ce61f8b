"""Which member of a pool gets the next call: a pure state machine, without Ray and without a clock.

Invariants
- A call goes to the available member with the fewest calls in flight; ties go to the lowest id.
- A sticky key goes to the member that served it before, while that member is available.
- `release` is called once for every `acquire`, also after the member was lost.
"""

from __future__ import annotations

from collections import OrderedDict


class NobodyAvailable(RuntimeError):
    """Every member of the pool is out of service."""


class Balancer:
    """Bookkeeping of calls in flight."""

    def __init__(self, members: int, remembered_keys: int = 65536) -> None:
        self.in_flight: dict[int, int] = dict.fromkeys(range(members), 0)
        self._out: set[int] = set()
        self._sticky: OrderedDict[str, int] = OrderedDict()
        self._remembered = remembered_keys

    def acquire(self, key: str | None = None) -> int:
        """Choose a member and count the call. Raises NobodyAvailable."""
        available = [member for member in self.in_flight if member not in self._out]
        if not available:
            raise NobodyAvailable("no member of the pool is in service")
        member = self._sticky.get(key, -1) if key is not None else -1
        if member not in available:
            member = min(available, key=lambda m: (self.in_flight[m], m))
        if key is not None:
            self._sticky[key] = member
            self._sticky.move_to_end(key)
            while len(self._sticky) > self._remembered:
                self._sticky.popitem(last=False)
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

    def available(self) -> int:
        """How many members are in service."""
        return len(self.in_flight) - len(self._out)
