"""Ray clusters of a test's own: a folder for their sessions, and their end without touching anybody else's."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator

import psutil

GRACE_S = 30.0
"""Ray takes some seconds to end the processes of a node."""


@contextlib.contextmanager
def ray_folder() -> Iterator[str]:
    """A short path, for Ray makes sockets below it and the kernel takes 107 characters for one."""
    folder = tempfile.mkdtemp(prefix="parley-", dir="/tmp")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def end(process: subprocess.Popen[str]) -> None:
    """End a process with all that it started: SIGTERM, and SIGKILL for what is left."""
    family = []
    if process.poll() is None:
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
        process.kill()
        process.wait()
    for left in psutil.wait_procs(family, timeout=5.0)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            left.kill()
