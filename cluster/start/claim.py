"""Who may drive a run: the folder is claimed before anything starts, and one process at a time has it.

`claim` checks and locks; it changes nothing else. The lock is the kernel's (`flock`): it goes with the process, however
that ends, so a killed run can be resumed at once.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from typing import Any

from cluster.config import Config, yaml_text
from cluster.errors import UserError
from cluster.record.run_directory import RunDirectory

LOCK = ".lock"
FREE_OF_AN_ENDPOINT = (
    *("base_url", "api_key_env", "requests_per_minute", "max_concurrent", "timeout_s"),
    *("prompt_price", "cached_price", "completion_price", "max_cost", "cache", "mode"),
)
FREE = (
    "run.root",
    "run.iterations",
    "run.stall_timeout_s",
    "run.silence_timeout_s",
    "run.max_restores",
    "rollout.workers",
    "rollout.concurrency",
    "engine.call_timeout_s",
    "engine.coalesce_ms",
    "engine.gpus",
    "engine.kv_cache_mib",
    "engine.tensor_parallel",
    "engine.user_actors",
    "judges.*.actors",
    "judges.*.max_batch",
    "judges.*.max_wait_ms",
    "judges.*.retry.*",
    *(f"{place}.endpoint.{name}" for place in ("judges.*", "policies.*.mix.*") for name in FREE_OF_AN_ENDPOINT),
    "learner.gradient_checkpointing",
    "learner.tokens_per_micro_batch",
    "learner.*_timeout_s",
    "learner.kl_every",
    "*.resources*",
    "checkpoint.*",
    "eval.every",
    "guards.*",
    "monitor.*",
    "teach*",
    "sft.*.log_every",
    "sft.*.checkpoint_every",
)
"""What may differ when a run is resumed: where and how it runs, not what it computes."""
UNTRAINED = tuple(f"eval.{name}*" for name in ("repeats", "users", "agent", "judges"))
"""What only `parley eval` reads."""


@contextmanager
def claim(config: Config, *, overwrite: bool = False, resume: bool = False) -> Iterator[tuple[RunDirectory, bool]]:
    """The run's folder, and whether there is a run in it to go on with. Raises UserError."""
    directory = RunDirectory(config.run.root, config.run.name)
    resuming = resume and directory.config.is_file()
    if resuming:
        _same_run(directory, config)
    else:
        directory.refuse_loss(overwrite)
    directory.path.mkdir(parents=True, exist_ok=True)
    with (directory.path / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"run.name is {config.run.name!r}: another process is driving the run in {directory.path}."
            ) from None
        yield directory, resuming


def _same_run(directory: RunDirectory, config: Config) -> None:
    began = flat(yaml_text.read(directory.config))
    asked = flat(config.model_dump(mode="json"))
    for key in sorted(began.keys() | asked.keys()):
        if began.get(key) != asked.get(key) and not any(fnmatch(key, pattern) for pattern in (*FREE, *UNTRAINED)):
            raise UserError(f"{key} is {asked.get(key)!r}, but the run to resume began with {began.get(key)!r}.")
    if asked["run.iterations"] != began["run.iterations"] and (config.learner.schedule != "constant" or config.learner.warmup):
        raise UserError(
            f"run.iterations is {asked['run.iterations']}, but the run to resume began with {began['run.iterations']}, and "
            f"learner.schedule {config.learner.schedule!r} with warmup {config.learner.warmup} depends on it."
        )
    done = max((row.get("iteration", 0) for row in directory.read_metrics()), default=0)
    if directory.summary.exists() and config.run.iterations <= done:
        raise UserError(f"run.iterations is {config.run.iterations}: the run has finished with {done}; raise it to go on.")


def flat(node: Any, path: str = "") -> dict[str, Any]:
    """Every leaf by its dotted path; an empty mapping is a leaf."""
    if isinstance(node, list):
        node = dict(enumerate(node))
    if not isinstance(node, dict) or not node:
        return {path: node}
    return {
        key: value for name, below in node.items() for key, value in flat(below, f"{path}.{name}" if path else name).items()
    }
