"""`report.html`: one run on one page, for people; made from the files of its folder alone, finished or not.

The root of the run is left out of the configuration: the page is made to be sent to others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cluster.config import yaml_text
from cluster.observe.status import NAME, Status
from cluster.record.run_directory import RunDirectory
from cluster.report import conversations, evaluations, history
from cluster.report.document import render
from cluster.report.series import Curves, Panel, curves
from cluster.terminal.status_view import duration

Rows = Sequence[Mapping[str, Any]]


def write(run: str | Path) -> Path:
    """Write the page of a run into its folder."""
    directory = RunDirectory.at(run)
    directory.write_page(html(directory))
    return directory.page


def html(directory: RunDirectory) -> str:
    """The page of a run."""
    config, rows = yaml_text.read(directory.config), measured(directory)
    summary = directory.read_summary() if directory.summary.exists() else None
    status = Status.read(directory.path) if (directory.path / NAME).exists() else Status()
    seed, iterations = int(config.get("run", {}).get("seed", 0)), max((row["iteration"] for row in rows), default=0)
    chapters, found = conversations.chapters(directory), evaluations.outcomes(directory, seed)
    alarms = history.alarms(rows, status.alarms)
    drawn = run_curves(rows, [config], _paid(chapters))
    course = evaluations.course(directory, "heldout", iterations, seed)
    main = [course, *drawn.main] if course else drawn.main
    return render(
        "run.html",
        panels=[asdict(panel) for panel in [*main, *drawn.rest]],
        marks=[{"x": alarm.iteration, "label": f"alarm {alarm.name}"} for alarm in alarms],
        name=directory.path.name,
        state="finished" if summary else _unfinished(status),
        cause=None if summary else status.cause,
        facts=_facts(directory.read_metrics(), summary, iterations, seed, alarms),
        outcomes=found,
        several_gyms=len({outcome.gym for outcome in found}) > 1,
        baselines=evaluations.baselines(directory, seed),
        main=numbered(main),
        rest=numbered(drawn.rest, len(main)),
        missing=drawn.missing,
        chapters=chapters,
        alarms=alarms,
        counts=history.counts(rows),
        reasons=history.reasons(_lines(directory.ledger)),
        config=yaml_text.dump(shareable(config)),
        versions=directory.read_versions(),
    )


def measured(directory: RunDirectory) -> Rows:
    """The rows of metrics.jsonl that belong to an iteration."""
    return [row for row in directory.read_metrics() if row.get("iteration") is not None]


def run_curves(rows: Rows, configs: Iterable[Mapping[str, Any]], rewards: Iterable[str] = ()) -> Curves:
    """The panels of a run. Gyms and rewards are known by name from `configs`; runs share panels if they are given the same."""
    gyms, named = set[str](), set(rewards)
    for config in configs:
        played = config.get("gyms") or {}
        gyms |= {*(played.get("train") or {}), *(played.get("transfer") or {})}
        named |= {*((config.get("rewards") or {}).get("weights") or {})}
    return curves(rows, gyms, named)


def numbered(panels: Sequence[Panel], first: int = 0) -> list[tuple[int, str, str]]:
    """(place in the data, title, unit), as the templates want them."""
    return [(place, panel.title, panel.unit) for place, panel in enumerate(panels, start=first)]


def shareable(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration without the folder that the run was in."""
    run = {key: value for key, value in (config.get("run") or {}).items() if key != "root"}
    return {**config, "run": run}


def _unfinished(status: Status) -> str:
    return f"not finished: {status.state}" if status.run else "not finished"


def _facts(
    rows: Rows, summary: Mapping[str, Any] | None, iterations: int, seed: int, alarms: Sequence[history.Alarm]
) -> list[tuple[str, str]]:
    """(what, how much) of the run as a whole."""
    seconds = max((row["wall_s"] for row in rows if row.get("wall_s") is not None), default=0.0)
    facts = [("iterations", str(iterations)), ("time", duration(seconds)), ("seed", str(seed)), ("alarms", str(len(alarms)))]
    if summary:
        facts.insert(2, ("tokens trained", f"{summary['tokens_trained']:,}"))
        facts.append(("masked held-out episodes", str(summary["masked_episodes"])))
    return facts


def _paid(chapters: Iterable[conversations.Chapter]) -> set[str]:
    lines = (line for chapter in chapters for conversation in chapter.conversations for line in conversation.lines)
    return {reward["name"] for line in lines if line.turn for reward in line.turn["rewards"]}


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
