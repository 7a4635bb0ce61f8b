"""A seat at a terminal.

Invariant: what anybody else wrote is printed as text alone (`cluster.terminal.safe_text`).
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from rich.console import Console

from actors.human import Left
from cluster.terminal.safe_text import styled
from envs.base import Role, View

PROMPT = "> "
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Terminal:
    """Shows views of `role`, reads lines."""

    def __init__(self, role: Role, read: Callable[[str], str] = input) -> None:
        self.console = Console(markup=False, highlight=False, emoji=False)
        self._other = "user" if role == "agent" else "agent"
        self._read, self._system = read, ""
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401  (makes lines that can be edited; not everywhere)

    def say(self, text: str, style: str = "") -> None:
        """Any text, made safe."""
        self.console.print(styled(text, style))

    def show(self, view: View) -> None:
        if view.system != self._system:  # a profile may change with what was told
            self.say(view.system, "dim")
            self._system = view.system
        for message in view.messages:
            self.hear(message.content)
        for number, choice in enumerate(view.choices, start=1):
            self.say(f"  {number}  {choice}")

    def hear(self, text: str) -> None:
        """What the other side says."""
        self.say(f"{self._other}: {text}", "cyan")

    def ask(self, hint: str, prompt: str = PROMPT) -> str:
        if hint:
            self.say(hint, "yellow")
        while True:
            try:
                return self._read(prompt)
            except EOFError:
                raise Left(0) from None
            except UnicodeDecodeError:
                self.say("That was not UTF-8.", "yellow")


@contextlib.contextmanager
def departures() -> Iterator[None]:
    """While entered, Ctrl-C, SIGTERM and the end of the terminal raise Left where the program is."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise Left(128 + number)

    before = {number: signal.signal(number, leave) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
