"""A command under a real pseudo-terminal: what it prints is read, what a person would type is written."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DEADLINE_S = 90.0
CTRL_C, CTRL_D = "\x03", "\x04"


class Session:
    """One command; `read` is everything it printed so far, without carriage returns."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process, self._master, self.read = process, master, ""
        self._seen = 0

    def expect(self, text: str) -> str:
        """Wait until `text` is printed after what was expected before; returns what came up to it."""
        deadline = time.monotonic() + DEADLINE_S
        while text not in self.read[self._seen :]:
            if time.monotonic() > deadline or not self._more(deadline):
                raise AssertionError(f"{text!r} was not printed after:\n{self.read}")
        start, self._seen = self._seen, self.read.index(text, self._seen) + len(text)
        return self.read[start : self._seen]

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def line(self, text: str) -> None:
        """Answer the next prompt."""
        self.expect("> ")
        self.type(text + "\n")

    def ended(self) -> int:
        """Its exit code, after everything it still prints."""
        self._rest(DEADLINE_S)
        return self.process.wait(DEADLINE_S)

    def interrupted(self) -> int:
        """Its exit code after Ctrl-C, which a person presses again if nothing happens: one that comes between the prompt and
        the wait for a line is seen by CPython's readline only with the next key."""
        for _ in range(3):
            self.type(CTRL_C)
            if self._rest(DEADLINE_S / 3):
                break
        return self.process.wait(DEADLINE_S)

    def _rest(self, seconds: float) -> bool:
        """Read to the end; whether it came in time."""
        deadline = time.monotonic() + seconds
        while self._more(deadline):
            pass
        return time.monotonic() < deadline

    def _more(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        try:
            data = os.read(self._master, 65536) if ready else b""
        except OSError:  # how Linux says that the other end is closed
            data = b""
        self.read += data.decode(errors="replace").replace("\r", "")
        return bool(data)


@contextmanager
def session(*arguments: object) -> Iterator[Session]:
    """`parley` with `arguments` at a terminal of its own."""
    master, slave = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TERM": "dumb", "COLUMNS": "200"}
    process = subprocess.Popen(
        [sys.executable, "-m", "cluster", *map(str, arguments)],
        cwd=REPOSITORY,
        env=environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(slave)
    try:
        yield Session(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def _take_terminal() -> None:
    """Make standard input the controlling terminal, so that Ctrl-C is a signal."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
