"""What a person sees while a run goes on: progress bars in a terminal, a line per tenth in a log; a table at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console as RichConsole
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from cluster.record.summary import by_gym
from cluster.terminal.safe_text import safe


class Console:
    """Progress by name; safe to call from several threads."""

    def __init__(self) -> None:
        self._console = RichConsole(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._tenths: dict[str, int] = {}

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()

    def progress(self, what: str, done: int, total: int, metrics: Mapping[str, float]) -> None:
        """Advance a bar, made on first use; `metrics` are shown beside it."""
        note = "  ".join(f"{name} {value:.3f}" for name, value in metrics.items())
        if not self._console.is_terminal:
            self._line(what, done, total, note)
            return
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total, note=note)
        self._progress.update(self._tasks[what], completed=done, total=total, note=note)

    def _line(self, what: str, done: int, total: int, note: str) -> None:
        tenth = 10 * done // total
        if tenth > self._tenths.get(what, -1):
            self._tenths[what] = tenth
            self.say(f"{what} {done}/{total}  {note}")

    def say(self, text: str) -> None:
        """One line above the bars."""
        self._console.print(safe(text), markup=False, highlight=False)

    def runs(self, rows: Mapping[str, tuple[float, float, float]]) -> None:
        """Several runs beside each other."""
        table = Table("", "mean", "lowest", "highest", title="Held-out tasks, over runs")
        for name, values in rows.items():
            table.add_row(name, *(f"{value:.3f}" for value in values))
        RichConsole().print(table)

    def summary(self, summary: Mapping[str, Any]) -> None:
        """The result of a run, estimates with their 95 % intervals."""
        table = Table("", "value", "95 % interval", title="Held-out tasks")
        for label, entry in _rows(summary):
            if isinstance(entry, Mapping):
                table.add_row(label, f"{entry['mean']:.3f}", f"{entry['low']:.3f} … {entry['high']:.3f}")
            elif entry is not None:
                table.add_row(label, f"{entry:.1f}" if isinstance(entry, float) else str(entry), "")
        RichConsole().print(table)


def _rows(summary: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """A summary's entries by what they are called; single gyms come last."""
    for name, value in summary.items():
        if name == "baselines":
            yield from ((f"baseline: {label}", entry) for label, entry in value.items())
        elif name not in ("gyms", "transfer"):
            yield name, value
    for gym, own in by_gym(summary).items():
        yield from ((f"{gym}: {label}", entry) for label, entry in _rows(own))
