"""TRL in a process of its own, which does steps when it is asked to (`trainer.py`)."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).parent / "trainer.py"
ENVIRONMENT = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
GRACE_S = 30.0


class Process:
    """Started with `python` on `options` (JSON, for `trainer.main`); says first with which versions it works."""

    def __init__(self, python: str | Path, options: dict[str, Any], scratch: Path, program: Path = PROGRAM) -> None:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | ENVIRONMENT
        environment["OMP_NUM_THREADS"] = str(options["threads"])
        scratch.mkdir(parents=True)
        self._log = scratch / "log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [str(python), "-P", str(program), json.dumps(options | {"scratch": str(scratch)})],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=scratch,
                env=environment,
            )
        self.versions: dict[str, str] = self._answer()

    def steps(self, count: int) -> dict[str, list[float]]:
        """Do so many; what the answer holds is said in `trainer.py`. Raises RuntimeError with the end of its log."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """It ends when nobody asks any more."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait(GRACE_S)
            raise RuntimeError(f"the trainer ended with exit code {code}:\n{self._log.read_text()[-3000:]}")
        return json.loads(line)
