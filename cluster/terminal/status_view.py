"""A `Status` for people: a pure function to something rich can print, within 100 columns, also without colours.

What is not known is left out. All text goes through `styled_line`: an alarm may quote what a model said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cluster.observe.status import ComponentStatus, Status
from cluster.terminal.safe_text import safe_line, styled_line

COLOURS = {"finished": "green", "failed": "red", "interrupted": "yellow"}
BAR = 30
"""Columns of a bar."""


def view(status: Status, now: float, lives: bool | None = None) -> Group:
    """Everything worth knowing; `lives` is what is known of the driver's process."""
    grid = Table.grid(padding=(0, 2))
    sections = {
        "throughput": _numbers(status.throughput),
        "stages": _numbers(status.stages, " s"),
        "idle": _bars(status.idle, 1.0, "{:.0%}"),
        "groups": _numbers(status.stream.model_dump()),
        "staleness": _bars(dict(sorted(status.staleness.items(), key=_age)), sum(status.staleness.values()), "{:.0f}"),
        "restarts": _restarts(status),
    }
    for title, content in sections.items():
        if content is not None:
            grid.add_row(Text(title, "bold"), content)
    tables = [table for table in (_components(status), _judges(status), _alarms(status)) if table]
    return Group(headline(status, now), *_progress(status), *_sentences(status, now, lives), grid, *tables)


def headline(status: Status, now: float) -> Text:
    """The run in one line."""
    parts = [
        styled_line(status.run, "bold"),
        Text(status.state, COLOURS.get(status.state, "cyan")),
        Text(f"iteration {status.iteration}/{status.iterations}"),
        Text(f"version {status.version}"),
    ]
    if status.eta_s is not None and not status.final:
        parts.append(Text(f"{duration(status.eta_s)} left"))
    if status.updated:
        parts.append(Text(f"written {duration(max(0.0, now - status.updated))} ago", "dim"))
    return Text("  ").join(parts)


def duration(seconds: float) -> str:
    """A time span with two units at most."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    for size, unit, below, small in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            return f"{seconds // size} {unit} {seconds % size // below} {small}"
    raise AssertionError("60 s are a minute")


def _progress(status: Status) -> Iterable[RenderableType]:
    if status.iterations:
        yield _bar(status.iteration / status.iterations, f"{status.iteration / status.iterations:.0%}", 2 * BAR)


def _sentences(status: Status, now: float, lives: bool | None) -> Iterable[Text]:
    if trouble := status.trouble(now, lives):
        yield Text(trouble, "bold red")
    if status.cause:
        yield styled_line(status.cause, COLOURS.get(status.state, ""))
    if status.exit_code is not None:
        yield Text(f"exit code {status.exit_code}")


def _numbers(values: Mapping[str, float], unit: str = "") -> Text | None:
    words = [f"{safe_line(name).replace('_per_', '/')} {_number(value)}{unit}" for name, value in values.items()]
    return Text("  ".join(words)) if words else None


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"


def _bars(values: Mapping[str, float], whole: float, form: str) -> Table | None:
    if not values:
        return None
    grid = Table.grid(padding=(0, 1))
    for name, value in values.items():
        grid.add_row(styled_line(name), _bar(value / whole if whole else 0.0, form.format(value), BAR))
    return grid


def _bar(share: float, label: str, width: int) -> Table:
    grid = Table.grid(padding=(0, 1))
    share = min(1.0, max(0.0, share))
    grid.add_row(ProgressBar(1.0, share, width, complete_style="cyan", finished_style="cyan"), label)
    return grid


def _age(item: tuple[str, float]) -> tuple[int, str]:
    return (int(item[0]), "") if item[0].isdecimal() else (1 << 31, item[0])


def _components(status: Status) -> Table | None:
    table = _table("actor", "", "silent", "version", "restarts", "work", wide=("actor", "work"))
    for component in status.components:
        table.add_row(
            styled_line(component.name),
            Text("up", "green") if component.alive else Text("down", "bold red"),
            duration(component.silent_s),
            _version(component, status.version),
            Text(str(component.restarts), "yellow" if component.restarts else ""),
            _work(component),
        )
    return table if status.components else None


def _work(component: ComponentStatus) -> Text:
    counted: dict[str, Mapping[str, float]] = {"pending": component.pending, "done": component.done, "": component.rates}
    parts = [f"{title} {numbers}".strip() for title, values in counted.items() if (numbers := _numbers(values))]
    return Text("; ".join(parts))


def _version(component: ComponentStatus, newest: int) -> Text:
    if component.version is None:
        return Text()
    lag = newest - component.version
    return Text(f"{component.version} (-{lag})", "yellow") if lag > 0 else Text(str(component.version))


def _judges(status: Status) -> Table | None:
    table = _table("judge", "requests", "errors", "error share", "retried", "p50", "p95", wide=("judge",))
    for name, judge in status.judges.items():
        shares = Text(f"{judge.error_share:.1%}", "red" if judge.errors else ""), f"{judge.retried_share:.1%}"
        latencies = f"{judge.latency_p50_ms:.0f} ms", f"{judge.latency_p95_ms:.0f} ms"
        table.add_row(styled_line(name), str(judge.requests), str(judge.errors), *shares, *latencies)
    return table if status.judges else None


def _restarts(status: Status) -> Text | None:
    of_actors = sum(component.restarts for component in status.components)
    text = f"actors {of_actors}  from a checkpoint {status.restores}"
    return Text(text, "yellow") if of_actors or status.restores else None


def _alarms(status: Status) -> Table | None:
    table = _table("iteration", "alarm", "", wide=("",))
    for alarm in status.alarms:
        table.add_row(str(alarm.iteration), styled_line(alarm.name, "red"), styled_line(alarm.message))
    return table if status.alarms else None


def _table(*columns: str, wide: tuple[str, ...]) -> Table:
    """A table without lines, in which the `wide` columns take more than one line when there is no room."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column not in wide, min_width=8 if column in wide else None)
    return table
