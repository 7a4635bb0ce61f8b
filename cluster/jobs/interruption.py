"""Ctrl-C and SIGTERM as a request to stop: the run comes to a safe point, keeps a checkpoint and ends cleanly.

The first signal only sets a flag that waits look at (`check`); a second one interrupts at once. Ray sets a SIGTERM handler
of its own when a driver connects, so enter this after that.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(Exception):
    """The run was asked to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(number)  # as it is: RLlib copies exceptions by their arguments
        self.exit_code = 128 + number
        """As shells have it."""

    def __str__(self) -> str:
        return f"interrupted by {signal.Signals(self.args[0]).name}"


class Interruption:
    """Catches the signals while it is entered; does nothing outside of the main thread, where Python allows no handlers."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self._before: dict[int, Any] = {}

    def check(self) -> None:
        """Raise Interrupted if a signal came."""
        if self.signal is not None:
            raise Interrupted(self.signal)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def heeding(progress: Callable[..., None], heed: Callable[[], None]) -> Callable[..., None]:
    """The same progress, that looks at each call whether to go on."""

    def checked(*arguments: Any) -> None:
        heed()
        progress(*arguments)

    return checked
