"""A pool of equal Ray actors: rollout workers, engine actors and judges are all this one thing.

Which member gets a call is the `Balancer`'s decision. Members are restarted by Ray (`max_restarts=-1`); a member whose
call died is out of service until it answers a ping. Every call has a deadline; nothing here calls twice: a lost rollout
is the stream's decision, a lost verdict the retry policy's.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from actors.balancer import Balancer

PING_INTERVAL_S = 0.1
"""Between looks at members that are coming back."""


class PoolError(RuntimeError):
    """A call to a pool member did not come back. The message names pool, member and cause."""


class ActorPool:
    """Least-loaded calls over actor handles. Other processes `find` it by the actors' names."""

    def __init__(self, name: str, handles: Sequence[Any]) -> None:
        if not handles:
            raise ValueError(f"pool {name!r} needs at least one actor")
        self.name = name
        self.handles = list(handles)
        self.balancer = Balancer(len(self.handles))
        self.names: list[str] = []
        """Ray names of the actors, where this process started them."""
        self.restarts = 0
        self._pings: dict[int, Any] = {}

    @classmethod
    def start(cls, name: str, actor: type, arguments: Sequence[Any], size: int, timeout_s: float, **options: Any) -> ActorPool:
        """Make `size` actors from equal arguments and wait until each answers; `options` are Ray's.

        Every actor has a Ray name: other actors find it by that name, also after a restart of their own, for which Ray
        keeps no handles. Raises PoolError with the cause when one does not start.
        """
        names = [f"{name} {uuid.uuid4().hex[:8]}" for _ in range(size)]
        remote = ray.remote(actor)
        pool = cls(name, [remote.options(name=n, max_restarts=-1, **options).remote(*arguments) for n in names])
        pool.names = names
        pings = [handle.ping.remote() for handle in pool.handles]
        try:
            ray.get(pings, timeout=timeout_s)
        except Exception as error:
            pool.close()
            raise PoolError(f"{name} did not start within {timeout_s:.0f} s: {error}") from error
        return pool

    @classmethod
    def find(cls, name: str, names: Sequence[str]) -> ActorPool:
        """The pool of actors that another process of this job started."""
        return cls(name, [ray.get_actor(actor) for actor in names])

    def submit(self, method: str, *arguments: Any) -> tuple[int, Any]:
        """Send a call for someone who waits on references; they call `done` or `failed` with the member afterwards."""
        self.recover()
        member = self.balancer.acquire()
        return member, getattr(self.handles[member], method).remote(*arguments)

    def done(self, member: int) -> None:
        """A submitted call came back."""
        self.balancer.release(member)

    def failed(self, member: int) -> None:
        """A submitted call died with its member: out of service until it answers again."""
        self.balancer.release(member)
        self.balancer.lost(member)
        if member not in self._pings:
            self.restarts += 1
            self._pings[member] = self.handles[member].ping.remote()

    def recover(self, timeout_s: float = 0.0) -> None:
        """Put members back into service that answered their ping; with all lost, wait up to `timeout_s` for one."""
        deadline = time.monotonic() + timeout_s
        self._collect_pings()
        while self.balancer.available() == 0 and time.monotonic() < deadline:
            time.sleep(PING_INTERVAL_S)  # a member that is still restarting refuses its ping at once
            self._collect_pings()

    def _collect_pings(self) -> None:
        for member, ping in list(self._pings.items()):
            if not ray.wait([ping], timeout=0)[0]:
                continue
            try:
                ray.get(ping)
            except RayError:
                self._pings[member] = self.handles[member].ping.remote()
            else:
                del self._pings[member]
                self.balancer.back(member)

    async def call(self, method: str, *arguments: Any, timeout_s: float) -> Any:
        """Call one member and wait, also for a member to come back while all are lost.

        Raises PoolError when the member dies or the deadline passes, else what the method raises.
        """
        deadline = time.monotonic() + timeout_s
        member = await self._acquire(deadline)
        died = False
        try:
            reference = getattr(self.handles[member], method).remote(*arguments)
            return await asyncio.wait_for(asyncio.wrap_future(reference.future()), deadline - time.monotonic())
        except TimeoutError as error:
            raise PoolError(f"{self.name}[{member}].{method} did not answer within {timeout_s:g} s") from error
        except RayTaskError:  # the member lives and says what went wrong
            raise
        except RayError as error:
            died = True
            raise PoolError(f"{self.name}[{member}] died during {method}: {error}") from error
        finally:
            self.failed(member) if died else self.done(member)

    async def _acquire(self, deadline: float) -> int:
        self._collect_pings()
        while self.balancer.available() == 0:
            if time.monotonic() >= deadline:
                raise PoolError(f"no member of {self.name} is in service")
            await asyncio.sleep(PING_INTERVAL_S)
            self._collect_pings()
        return self.balancer.acquire()

    def close(self) -> None:
        """End the members."""
        for handle in self.handles:
            ray.kill(handle, no_restart=True)
