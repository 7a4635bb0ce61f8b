"""Weights & Biases: scalars in readable groups, alarms, and a few conversations per step.

Offline by default: the run lies in `<run directory>/wandb/` and needs no network (`wandb sync` uploads it later). Given
to W&B are the resolved configuration, the scalars and the sampled conversations, nothing of the machine: no host, user,
command line, git state, console or source code. The W&B key is W&B's own matter: here is only asked whether there is one.

A resumed run goes on in the same W&B run: `wandb sync` uploads the folders of one run id in order and appends. Rows of
iterations that were rolled back stay in W&B, for its history cannot be cut; metrics.jsonl is the record without them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from cluster.errors import UserError
from cluster.observe.alarm import Alarm

Mode = Literal["offline", "online", "disabled"]
GROUPS = ("rollout", "reward", "learner", "judge", "endpoint", "heldout", "time", "idle", "health", "alarms", "sft")
"""What stands before the slash in the name of a scalar; each group has the iteration as its x axis, and `sft` its own steps."""
SFT_STEP = "sft/step"
"""The x axis of imitations."""
FOLDER = re.compile(r"^(?:offline-)?run-(?P<began>\d{8}_\d{6})-(?P<id>.+)$")
"""How W&B names the folder of one process of a run."""
COLUMNS = ["iteration", "task", "conversation", "rewards", "score", "success", "ended"]


class Monitor:
    """One W&B run. With mode `disabled` every method does nothing."""

    def __init__(
        self,
        mode: Mode,
        folder: Path,
        name: str,
        config: Mapping[str, Any],
        conversations_per_step: int = 4,
        run_id: str | None = None,
    ) -> None:
        """`run_id` is that of the W&B run to go on with (`last_run_id`); None begins a new one."""
        self._conversations = conversations_per_step
        self._run: Any = None if mode == "disabled" else _start(mode, folder, name, dict(config), run_id)

    def log(self, iteration: int, scalars: Mapping[str, float], trajectories: pa.Table | None = None) -> None:
        """One row of history; `trajectories` are what conversations are sampled from."""
        if self._run is None:
            return
        import wandb

        row: dict[str, Any] = {"iteration": iteration, **scalars}
        if trajectories is not None and self._conversations:
            data = conversations(trajectories, iteration, self._conversations)
            row["rollout/conversations"] = wandb.Table(columns=COLUMNS, data=data)
        self._run.log(row)

    def imitation(self, rows: Sequence[Mapping[str, float]]) -> None:
        """The course of an imitation, on its own x axis."""
        for row in rows if self._run is not None else ():
            self._run.log(dict(row))

    def alarm(self, alarm: Alarm) -> None:
        """A W&B alert, which reaches people as they have set W&B to; written offline, it is sent by `wandb sync`."""
        if self._run is not None:
            # W&B drops alerts that repeat a title within a minute, and a sync sends all of a run at once.
            title, level = f"{alarm.name} at iteration {alarm.iteration}", "ERROR" if alarm.abort else "WARN"
            self._run.alert(title=title, text=alarm.message, level=level)

    def finish(self, exit_code: int = 0) -> None:
        """Write what is left; the monitor is not used afterwards."""
        if self._run is not None:
            self._run.finish(exit_code=exit_code)


def last_run_id(folder: Path) -> str | None:
    """The id of the W&B run that was last written in a run directory; None if there is none."""
    names = [match for path in (folder / "wandb").glob("*run-*") if path.is_dir() and (match := FOLDER.match(path.name))]
    return max(names, key=lambda match: match["began"])["id"] if names else None


def check_credentials(mode: Mode) -> None:
    """Raise UserError if W&B is to be online and no key is configured. No network: whether W&B takes it is not asked."""
    if mode != "online":
        return
    _quieten()
    from wandb.errors import AuthenticationError
    from wandb.sdk import wandb_setup
    from wandb.sdk.lib import wbauth  # the public `wandb.login` would ask the server and write settings

    host = wandb_setup.singleton().settings.base_url
    try:
        found = wbauth.authenticate_session(host=host, source="parley", prompt=False, update_session=False)
    except AuthenticationError as error:  # says what is wrong with the form of a key, never the key
        raise UserError(
            f"monitor.wandb is 'online', but the W&B key cannot be one: {error} Or set monitor.wandb=offline."
        ) from None
    if found is None:
        raise UserError(
            "monitor.wandb is 'online', but no W&B key is configured: run `wandb login`, or set monitor.wandb=offline."
        )


def _quieten() -> None:
    # wandb starts a helper process that reads the environment before any settings reach it.
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")


def _start(mode: Literal["offline", "online"], folder: Path, name: str, config: dict[str, Any], run_id: str | None) -> Any:
    _quieten()
    import wandb

    folder.mkdir(parents=True, exist_ok=True)
    quiet = wandb.Settings(
        silent=True,
        console="off",
        host="",
        disable_git=True,
        disable_code=True,
        save_code=False,
        x_disable_stats=True,
        x_disable_meta=True,
        x_save_requirements=False,
        run_id=run_id,
        resume="allow" if run_id else None,  # then `wandb sync` appends to what the server has of this id
    )
    try:
        run = wandb.init(mode=mode, dir=str(folder), project="parley", name=name, config=config, settings=quiet)
    except wandb.errors.UsageError as error:
        raise UserError(f"monitor.wandb is {mode!r}, but W&B says: {error} Or set monitor.wandb=offline.") from None
    for group in GROUPS:
        run.define_metric(f"{group}/*", step_metric=SFT_STEP if group == "sft" else "iteration")
    return run


def conversations(table: pa.Table, iteration: int, count: int) -> list[list[Any]]:
    """`count` episodes spread evenly over the table, as rows of `COLUMNS`; the same table gives the same ones."""
    first = table.filter(pc.equal(table["sequence"], 0))
    places = {place * first.num_rows // count for place in range(count)} if first.num_rows else set()
    return [_row(first.slice(place, 1).to_pylist()[0], iteration) for place in sorted(places)]


def _row(row: dict[str, Any], iteration: int) -> list[Any]:
    said = "\n".join(f"{message['role']}: {message['content']}" for message in json.loads(row["messages"]))
    rewards = "\n".join(
        f"{turn['turn']}: " + ", ".join(f"{reward['name']} {reward['value']:+.3g}" for reward in turn["rewards"])
        for turn in row["turns"]
    )
    return [iteration, row["task_id"], said, rewards, row["score"], row["success"], row["ended"] or row["status"]]
