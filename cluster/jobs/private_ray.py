"""What a driver would leave behind: Ray's session folder, W&B's temporary files, and two agents if it is killed.

Ray keeps sockets and logs of every session in the temp folder for ever, and W&B leaves a folder there for every table it
logs. So a driver and all it starts on this machine get a temp folder that goes away with the driver. After a SIGKILL of
the driver its raylet dies at once, but the raylet's two agents wait for ever: each holds the other's end of the pipe by
which it would learn of that (Ray 2.60). A guardian, a shell that sleeps until the driver is gone, then ends them and
removes the folder.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psutil
import ray

LONGEST = 24
"""Of the temp folder's path: Ray makes sockets below it, and the kernel takes 107 characters for one."""
GUARDIAN = """
read _; sleep 1; folder=$1; shift
for agent; do grep -q Agent "/proc/$agent/cmdline" 2>/dev/null && kill -KILL "$agent"; done
rm -rf "$folder"
"""
"""`read` returns when the only writer of its pipe, the driver, is gone. A second later the dying have finished writing. A
process id may have gone to somebody else meanwhile, so what it is now is looked at first."""


def own_temp() -> Path:
    """A fresh temp folder for this process and those it starts. Goes away at exit, once Ray is shut down."""
    parent = Path(tempfile.gettempdir())
    if len(str(parent)) > LONGEST:
        parent = Path("/tmp")
    folder = Path(tempfile.mkdtemp(prefix=f"parley-{os.getpid()}-", dir=parent))
    atexit.register(_remove, folder)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    return folder


def guard(folder: Path) -> None:
    """Start the guardian of this driver, its temp folder and the agents of the Ray that it has started, if any."""
    agents = [child.pid for child in psutil.Process().children(recursive=True) if _is_agent(child)]
    command = ["sh", "-c", GUARDIAN, "sh", str(folder), *map(str, agents)]
    # In a session of its own: a signal to the driver's whole group must not end the guardian first.
    guardian = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    atexit.register(guardian.kill)


def _is_agent(process: psutil.Process) -> bool:
    try:
        return "Agent" in " ".join(process.cmdline()[:1])
    except psutil.Error:  # it has ended since it was listed
        return False


def _remove(folder: Path) -> None:
    # Exit handlers run last in, first out: Ray's own, registered when it was imported, would come after this one and
    # find its folder gone.
    ray.shutdown()
    shutil.rmtree(folder, ignore_errors=True)
