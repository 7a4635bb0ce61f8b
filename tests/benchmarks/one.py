"""One benchmark in this process: `python -m tests.benchmarks.one NAME FOLDER` writes FOLDER/NAME.json."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from tests.benchmarks.machine import load, machine
from tests.benchmarks.setting import quickstart


def run(name: str, folder: Path) -> Path:
    """Measure and write."""
    benchmark = import_module(f"tests.benchmarks.{name}")
    before, date = load(), datetime.now(UTC)
    began = time.perf_counter()
    with quickstart() as setting:
        outcome = benchmark.measure(setting, benchmark.FULL)
    found = {
        "name": name,
        "compares": outcome.compares,
        "command": f"python -m tests.benchmarks {name}",
        "date": date.isoformat(timespec="seconds"),
        "machine": machine(),
        "at_start": before,
        "seconds": round(time.perf_counter() - began, 1),
        "settings": outcome.settings,
        "measures": [measure.to_dict() for measure in outcome.measures],
        "raw": outcome.raw,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]))
