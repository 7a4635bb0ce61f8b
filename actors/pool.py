"""A pool of equal Ray actors: rollout workers, engine actors and judges are all this one thing.

Which member gets a call is the `Balancer`'s decision. Members are restarted by Ray (`max_restarts=-1`); a member whose
call died is out of service until it answers a ping. Every call has a deadline; nothing here calls twice: a lost rollout
is the stream's decision, a lost verdict the retry policy's. Only engine actors let Ray itself send a call again
(`max_task_retries`): it is seeded, so the answer is the same one.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError, RayTaskError

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
        keeps no handles. Raises PoolError with the cause when one does not start; if it is not in time, with what an actor
        needs and what is free.
        """
        names = [f"{name} {uuid.uuid4().hex[:8]}" for _ in range(size)]
        remote = ray.remote(actor)
        pool = cls(name, [remote.options(name=n, max_restarts=-1, **options).remote(*arguments) for n in names])
        pool.names = names
        pings = [handle.ping.remote() for handle in pool.handles]
        try:
            ray.get(pings, timeout=timeout_s)
        except Exception as error:
            cause = _waiting(pings, options) if isinstance(error, GetTimeoutError) else error
            pool.close()
            raise PoolError(f"{name} did not start within {timeout_s:.0f} s: {cause}") from error
        return pool

    @classmethod
    def find(cls, name: str, names: Sequence[str]) -> ActorPool:
        """The pool of actors that another process of this job started."""
        return cls(name, [ray.get_actor(actor) for actor in names])

    def reserve(self) -> int:
        """The member that the next call is for; `send` it, and say `done` or `failed` afterwards. Raises NobodyAvailable."""
        return self.balancer.acquire()

    def send(self, member: int, method: str, *arguments: Any) -> Any:
        """Send a call to a reserved member; the answer is a reference."""
        return getattr(self.handles[member], method).remote(*arguments)

    def in_service(self) -> list[int]:
        """The members that are believed to live."""
        return self.balancer.in_service()

    def done(self, member: int) -> None:
        """A call came back, or is not waited for any more."""
        self.balancer.release(member)

    def failed(self, member: int) -> None:
        """A submitted call died with its member: out of service until it answers again."""
        self.balancer.release(member)
        self.balancer.lost(member)
        if member not in self._pings:
            self.restarts += 1
            self._pings[member] = self.handles[member].ping.remote()

    def recover(self) -> None:
        """Put members back into service that answer again. Does not wait."""
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
        self.recover()
        while not self.in_service():
            if time.monotonic() >= deadline:
                raise PoolError(f"no member of {self.name} is in service")
            await asyncio.sleep(PING_INTERVAL_S)
            self.recover()
        return self.balancer.acquire()

    def close(self) -> None:
        """End the members."""
        for handle in self.handles:
            ray.kill(handle, no_restart=True)


def _waiting(pings: list[Any], options: dict[str, Any]) -> str:
    """How many do not answer, what each needs and what is free: on a busy cluster they may still wait for a place."""
    silent = len(ray.wait(pings, num_returns=len(pings), timeout=0)[1])
    needs = {"CPU": options.get("num_cpus") or 0.0, "GPU": options.get("num_gpus") or 0.0, **(options.get("resources") or {})}
    free = ray.available_resources()
    each = ", ".join(f"{kind} {amount:g}" for kind, amount in needs.items() if amount)
    left = ", ".join(f"{kind} {free.get(kind, 0.0):g}" for kind, amount in needs.items() if amount)
    return f"{silent} of {len(pings)} do not answer; each needs {each}, and free in the whole cluster now: {left}"
