"""A run in which everybody who may write text tried to break out of the page."""

from __future__ import annotations

import json
from pathlib import Path

import synthetic_run

from cluster.observe.status import AlarmStatus, Status
from cluster.record.run_directory import RunDirectory
from rewards.trajectory import Row, Turn, to_table

HACK = "window.hacked=1"
MARKUP = f"<script>{HACK}</script></script><img src=x onerror={HACK}>\"'><svg onload={HACK}>&lt;b&gt;{{{{ 7 * 7 }}}}<!--"
CONTROL = "\x1b[2J\x00\x07\u202egnp.exe\u2066\u200b"
SPELLED = "\\x1b[2J\\x00\\x07\\u202egnp.exe\\u2066\\u200b"
TEXT = MARKUP + CONTROL
LONG = "W" * 3000
"""A word that no line has room for."""


def make(root: Path) -> RunDirectory:
    """A finished run with its metrics, its tables, its status, its ledger and its configuration full of it."""
    run = synthetic_run.make(root, "<b>run", iterations=12)
    said = [("system", LONG), ("user", TEXT), ("assistant", TEXT), (TEXT, "a role of its own"), ("user", "x" * 5000)]
    row = Row(
        policy="agent",
        opponent=TEXT,
        gym=TEXT,
        task_id=TEXT,
        split="train",
        group_id=1,
        episode_id=TEXT,
        tokens=[1],
        turn=[0],
        logprobs=[-1.0],
        version=[3],
        turns=[Turn(0, TEXT, rewards={TEXT: (1.0, TEXT)})],
        advantage=[0.5],
        score=0.5,
        success=True,
        ended=TEXT,
        messages=json.dumps([{"role": role, "content": content} for role, content in said]),
    )
    run.write_trajectories(to_table([row]), "train", 13)
    run.write_trajectories(to_table([row]), "heldout-after")
    run.append_metrics({"iteration": 13, "wall_s": 9.0, TEXT: 1.0, f"time/{TEXT}": 1.0, "alarms/entropy_drop": 1.0})
    Status(run=TEXT, alarms=[AlarmStatus(iteration=13, name="entropy_drop", message=TEXT)]).write(run.path)
    events = [{"event": "dispatched", "group": 1, "attempt": 0}, {"event": "failed", "group": 1, "attempt": 0, "reason": TEXT}]
    run.ledger.write_text("".join(json.dumps(event) + "\n" for event in events))
    run.write_config(json.dumps({"run": {"name": "quick", "root": "/secret/place"}, "gyms": {"train": {TEXT: 1.0}}}))
    run.write_versions({"torch": TEXT})
    return run
