"""`parley status`: one look at a run, or a view that stays until nobody drives the run any more."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console
from rich.live import Live

from cluster.jobs import driver_process
from cluster.observe.status import NAME, Status
from cluster.terminal.json_text import dumps
from cluster.terminal.status_view import headline, view

PERIOD_S = 1.0
"""Between two looks; the driver writes about as often."""


def look(run: Path, *, as_json: bool = False) -> None:
    """Print the status of a run. Raises UserError if there is none."""
    if _is_older(run):
        older = f"{run} finished before runs had a {NAME}; parley report {run} shows how."
        print(dumps(Status(run=run.absolute().name, state="finished", cause=older).model_dump()) if as_json else older)
        return
    status, now = Status.read(run), time.time()
    if as_json:
        print(dumps(status.model_dump() | {"trouble": status.trouble(now, _lives(status))}))
    else:
        _console().print(view(status, now, _lives(status)))


def watch(run: Path) -> None:
    """Show a run until it is in a final state, or its driver is known to be gone without one."""
    if _is_older(run):
        look(run)
        return
    console = _console()
    if not console.is_terminal:
        _follow(run, console)
        return
    with Live(console=console, auto_refresh=False) as live:
        while True:
            status = Status.read(run)
            live.update(view(status, time.time(), _lives(status)), refresh=True)
            if _ended(status):
                return
            time.sleep(PERIOD_S)


def _follow(run: Path, console: Console) -> None:
    """For a log: a line whenever the run has got on, and everything at the end."""
    shown = None
    while not _ended(status := Status.read(run)):
        if (status.state, status.iteration) != shown:
            console.print(headline(status, time.time()))
        shown = status.state, status.iteration
        time.sleep(PERIOD_S)
    console.print(view(status, time.time(), _lives(status)))


def _ended(status: Status) -> bool:
    return status.final or (_lives(status) is False and status.trouble(time.time()) is not None)


def _lives(status: Status) -> bool | None:
    return driver_process.lives(status.pid, status.pid_space)


def _is_older(run: Path) -> bool:
    return (run / "summary.json").is_file() and not (run / NAME).is_file()


def _console() -> Console:
    return Console(markup=False, highlight=False, emoji=False)
