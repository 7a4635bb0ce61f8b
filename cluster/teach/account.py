"""The account of a teacher's work: what was played, what became of it, what it cost. JSON for programs, Markdown for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any, get_args

from cluster.report.markdown_text import plain
from cluster.teach.selection import Fate
from rewards.trajectory import Row

COLUMNS = get_args(Fate)


@dataclass(frozen=True, slots=True)
class Account:
    """Counts add up: `played` episodes are the sum of all fates."""

    teacher: str
    planned: int
    """Episodes."""
    stopped: str | None
    """Why it ended before all were played."""
    gyms: dict[str, dict[str, Any]]
    """Per gym: tasks, played, a count per fate, the mean score of what was played and of what was kept."""
    failures: dict[str, int]
    """Failed episodes by status."""
    calls: int
    """Answers of the teacher's server, those in failed and broken-off episodes too."""
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    cost: float
    max_cost: float | None

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def account(
    rows: Sequence[Row],
    fates: Sequence[Fate],
    calls: Sequence[Mapping[str, Any]],
    *,
    teacher: str,
    planned: int,
    stopped: str | None,
    max_cost: float | None,
) -> Account:
    """Of episodes, given by their row with the messages, with their fates."""
    gyms = sorted({row.gym for row in rows})
    failures = Counter(row.status for row, fate in zip(rows, fates, strict=True) if fate == "failed")
    tokens = {name: sum(call[name] or 0 for call in calls) for name in ("prompt", "cached", "completion")}
    return Account(
        teacher=teacher,
        planned=planned,
        stopped=stopped,
        gyms={gym: _gym([pair for pair in zip(rows, fates, strict=True) if pair[0].gym == gym]) for gym in gyms},
        failures=dict(sorted(failures.items())),
        calls=len(calls),
        prompt_tokens=tokens["prompt"],
        cached_tokens=tokens["cached"],
        completion_tokens=tokens["completion"],
        cost=sum(call["cost"] for call in calls),
        max_cost=max_cost,
    )


def markdown(account: Account) -> str:
    """The account as a page."""
    head = ["gym", "tasks", "played", *(name.replace("_", " ") for name in COLUMNS), "mean score", "of the kept"]
    lines = [f"# Teacher data of {plain(account.teacher)}", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for gym, row in account.gyms.items():
        cells = [gym, row["tasks"], row["played"], *(row[name] for name in COLUMNS)]
        lines.append(f"| {' | '.join(map(plain, [*cells, _score(row['mean_score']), _score(row['mean_score_kept'])]))} |")
    played = sum(row["played"] for row in account.gyms.values())
    lines += [
        "",
        f"{played} of {account.planned} episodes were played." + (f" {plain(account.stopped)}" if account.stopped else ""),
    ]
    if account.failures:
        lines.append("Failed: " + ", ".join(f"{plain(status)} {count}" for status, count in account.failures.items()) + ".")
    limit = "" if account.max_cost is None else f" of {account.max_cost:g}"
    lines.append(
        f"{account.calls} calls, {account.prompt_tokens} prompt tokens ({account.cached_tokens} of them cached), "
        f"{account.completion_tokens} sampled tokens, cost {account.cost:.6g}{limit}. User and judge are not in it."
    )
    return "\n".join(lines) + "\n"


def _gym(pairs: Sequence[tuple[Row, Fate]]) -> dict[str, Any]:
    count = Counter(fate for _, fate in pairs)
    scores = {name: [row.score for row, fate in pairs if row.score is not None and fate in kept] for name, kept in _MEANS}
    return {
        "tasks": len({row.task_id for row, _ in pairs}),
        "played": len(pairs),
        **{name: count[name] for name in COLUMNS},
        **{name: fmean(values) if values else None for name, values in scores.items()},
    }


_MEANS = (("mean_score", COLUMNS), ("mean_score_kept", ("kept",)))


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
