"""Whether the process that drives a run is still there, as far as one can know without naming hosts."""

from __future__ import annotations

import hashlib
from pathlib import Path


def pid_space() -> str:
    """An opaque digest, equal in two processes that see each other's ids; empty where that cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        namespace = str(Path("/proc/self/ns/pid").readlink())  # containers share a boot, but not their process ids
    except OSError:
        return ""
    return hashlib.blake2b((boot + namespace).encode(), digest_size=8).hexdigest()


def lives(pid: int, space: str) -> bool | None:
    """Whether process `pid` of `space` is there; None if it may be on another machine."""
    if not pid or not space or space != pid_space():
        return None
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"  # those are dead, and nobody has asked yet how they ended
