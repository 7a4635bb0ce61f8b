"""The runner: each benchmark in a process of its own, one after the other; then the page of all results.

`--into FOLDER` leaves the kept results alone: JSON files and page go there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import NAMES, ON_REQUEST
from tests.benchmarks.table import PAGE, RESULTS, rows, write

ROOT = Path(__file__).parents[2]
LONGEST_S = 900.0
LONGEST_TAIL = 4000
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",  # several processes share few cores
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


def main() -> int:
    """Exit code 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    of = f"any of {', '.join(NAMES)}; if none is named, all but {', '.join(ON_REQUEST)}"
    parser.add_argument("names", nargs="*", metavar="NAME", help=of)
    parser.add_argument("--into", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    names = options.names or [name for name in NAMES if name not in ON_REQUEST]
    if wrong := sorted({*names} - {*NAMES}):
        parser.error(f"there is no benchmark {wrong[0]!r}; there are {', '.join(NAMES)}")
    folder = (options.into or RESULTS).absolute()
    failed = [name for name in names if not _run(name, folder)]
    write(folder, folder / "benchmarks.md" if options.into else PAGE)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def _run(name: str, folder: Path) -> bool:
    print(f"{name} ...", flush=True)
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.benchmarks.one", name, str(folder)]
    environment = {key: value for key, value in os.environ.items() if key != "RAY_ADDRESS"} | ENVIRONMENT
    with tempfile.TemporaryFile("w+") as errors:  # not a pipe: what outlives the process may hold its end
        code: int | str
        try:
            code = subprocess.run(command, cwd=ROOT, env=environment, stderr=errors, timeout=LONGEST_S, check=False).returncode
        except subprocess.TimeoutExpired:
            code = f"none within {LONGEST_S:.0f} s"
        if code != 0:
            errors.seek(0)
            print(f"{errors.read()[-LONGEST_TAIL:]}\n{name}: exit code {code}")
            return False
    result = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    print(f"{result['compares']}\n\n{rows(result)}\n\n{time.monotonic() - began:.0f} s\n", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
