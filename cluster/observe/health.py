"""A thread of the driver that pings every actor of a run, ends those that do not answer, and knows who is stuck.

What to conclude is the `Watchdog`'s decision; this file has the clock and the pings. An actor that is ended is started
again by Ray (workers, engines, judges), or fails the learner's step (ranks), which goes back to the last checkpoint.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import RayError

from cluster.errors import RunFailed
from cluster.observe.watchdog import Component, Watchdog

BEAT_S = 1.0
"""Between two pings of a component, and between two calls of `beat`."""
SERVICES = ("engine", "judge")
"""The kinds of actor that others ask."""


@dataclass(frozen=True, slots=True)
class Member:
    """One actor: how to ask it for its vitals (the answer is a reference), and how to end it."""

    name: str
    kind: str
    ping: Callable[[], Any]
    end: Callable[[], None]


class Health:
    """Runs from `start` to `close`."""

    def __init__(self, silence_s: float, say: Callable[[str], None], beat: Callable[[], None]) -> None:
        """`say` is told, in one sentence, of everything that was ended; `beat` is called every `BEAT_S`."""
        self.silenced = 0
        self._silence_s, self._say, self._beat = silence_s, say, beat
        self._watchdog = Watchdog(silence_s)
        self._members: dict[str, Member] = {}
        self._pings: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._mute = False
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)
        self.failure: BaseException | None = None
        """What ended the thread, if anything did; raised by `check`."""

    def start(self) -> None:
        self._thread.start()

    def watch(self, members: Sequence[Member]) -> None:
        """Watch these too; members of the same name take the place of earlier ones."""
        with self._lock:
            self._members |= {member.name: member for member in members}
            for member in members:
                self._pings.pop(member.name, None)
            self._watchdog.watch([member.name for member in members], time.monotonic())

    def unwatch(self, members: Sequence[Member]) -> None:
        """Ask these no more: they are about to be ended."""
        with self._lock:
            for member in members:
                self._members.pop(member.name, None)
                self._pings.pop(member.name, None)
            self._watchdog.unwatch(member.name for member in members)

    def check(self) -> None:
        """Raise RunFailed if the thread has ended: nobody would be watching."""
        if self.failure is not None:
            raise RunFailed(f"the health thread ended: {self.failure!r}") from self.failure

    def suspect(self) -> str:
        """Who is stuck, in words; empty when nobody is known to be. For those who have waited too long."""
        with self._lock:
            stuck = self._watchdog.stuck(time.monotonic(), 2 * BEAT_S)
        return "; ".join(map(str, stuck[:3]))

    def absent(self) -> bool:
        """Whether a judge or an engine is down or silent: what fails for want of it had better wait."""
        with self._lock:
            names = self._watchdog.absent(time.monotonic(), 2 * BEAT_S)
            return any(self._members[name].kind in SERVICES for name in names if name in self._members)

    def components(self) -> list[tuple[Member, Component, float]]:
        """(member, what is known of it, seconds since it last answered)."""
        now = time.monotonic()
        with self._lock:
            known = self._watchdog.components
            return [(member, known[name], now - known[name].answered) for name, member in self._members.items()]

    def close(self) -> None:
        """Stop pinging; actors are not touched."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10 * BEAT_S)

    def _run(self) -> None:
        try:
            while not self._stop.wait(BEAT_S):
                self._look()
                if not self._stop.is_set():
                    self._show()
        except BaseException as error:
            self.failure = error

    def _show(self) -> None:
        """A status that cannot be written, on a full disk perhaps, is no reason to end a run."""
        try:
            self._beat()
        except OSError as error:
            if not self._mute:
                self._say(f"the status of the run cannot be written: {error}")
            self._mute = True
        else:
            self._mute = False

    def _look(self) -> None:
        with self._lock:
            for name, member in self._members.items():
                self._ask(name, member)
            ended = [self._members[name] for name in self._watchdog.silent(time.monotonic())]
            for member in ended:
                del self._pings[member.name]
        for member in ended:
            self.silenced += 1
            self._say(f"{member.name} did not answer for {self._silence_s:g} s and was ended")
            member.end()

    def _ask(self, name: str, member: Member) -> None:
        now = time.monotonic()
        if name in self._pings and ray.wait([self._pings[name]], timeout=0)[0]:
            try:
                self._watchdog.answered(name, ray.get(self._pings.pop(name)), now)
            except RayError:
                self._watchdog.died(name)
        if name not in self._pings:
            self._pings[name] = member.ping()
            self._watchdog.asked(name, now)
