"""The loop of an imitation: learn some steps, measure, keep what is best, leave a checkpoint.

Invariant: what is learned depends on the course alone. An imitation that is killed, at whatever moment, and goes on ends with
the same weights and the same log; in float32 on CPUs bit for bit. An interrupted one leaves a checkpoint first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import pyarrow as pa

from cluster.config.sft import SFTConfig
from cluster.imitation.course import Course
from cluster.imitation.work_folder import WorkFolder
from cluster.jobs.interruption import Interrupted
from learner.losses import LossName
from learner.plan import Update

Progress = Callable[[str, int, int, dict[str, float]], None]
"""(what, steps done, steps in all, metrics of the last of them)"""
SHOWN = {"loss": "loss", "heldout_loss": "held-out"}
"""Metrics beside the progress bar."""


class Learner(Protocol):
    """What the loop needs of `learner.rank_group.RankGroup`."""

    def update(self, table: Any, updates: Sequence[Update], loss: LossName) -> list[dict[str, float]]: ...

    def evaluate(self, table: Any, updates: Sequence[Update], loss: LossName) -> list[dict[str, float]]: ...

    def save(self, directory: str) -> None: ...

    def restore(self, directory: str) -> None: ...

    def export(self, directory: str, version: int) -> None: ...


class Loop:
    """Takes up what is in the work folder when it is made."""

    def __init__(self, role: str, sft: SFTConfig, plan: Course, learner: Learner, work: WorkFolder, progress: Progress) -> None:
        self._role, self._sft, self._plan, self._learner, self._work, self._progress = role, sft, plan, learner, work, progress
        self._step, self._best, state = work.resume()
        if state is not None:
            learner.restore(str(state))
        self._total = len(plan.updates)
        self._shown: dict[str, float] = {}
        self._every = [sft.log_every, sft.checkpoint_every, sft.heldout.every if sft.heldout else 0]

    def run(self, table: Any, heldout: Any | None) -> None:
        """To the end, with the tables of the course as the learner takes them; the result is at `work.out` then."""
        if not self._work.rows():
            self._work.log({**self._contents(), **self._examine(heldout)})
        while self._step < self._total and not self._exhausted:
            row = self._learn(table)
            row |= self._examine(heldout)
            self._work.log(row)
            if self._sft.checkpoint_every and self._step % self._sft.checkpoint_every == 0:
                self._save()
            self._show(row)
        if self._sft.heldout is not None and self._sft.heldout.keep == "best":
            self._work.finish(self._work.best(self._best.step))
            return
        self._learner.export(str(self._work.last()), version=0)
        self._work.finish(self._work.last())

    def _contents(self) -> dict[str, Any]:
        """The first row: what the imitation is made of."""
        plan = self._plan
        return {
            "step": 0,
            "steps": self._total,
            "conversations": _conversations(plan.table),
            "heldout_conversations": 0 if plan.heldout is None else _conversations(plan.heldout),
            "too_long": [{"task": task, "tokens": tokens} for task, tokens in plan.left_out],
        }

    def _learn(self, table: Any) -> dict[str, float]:
        """The steps up to the next after which something is due."""
        begin, self._step = self._step, next_due(self._step, self._every, self._total)
        updates = self._plan.updates[begin : self._step]
        began = time.perf_counter()
        metrics = self._learner.update(table, updates, "nll")
        tokens = sum(self._plan.tokens[begin : self._step])
        return {
            "step": self._step,
            "epoch": self._step / self._plan.steps_per_epoch,
            "loss": _loss(metrics, updates),
            "grad_norm": max(update["grad_norm"] for update in metrics),
            "lr": updates[-1].lr,
            "tokens": tokens,
            "tokens_per_s": tokens / (time.perf_counter() - began),
        }

    def _examine(self, table: Any | None) -> dict[str, float]:
        """The held-out loss, where it is due; weights with the lowest so far are kept."""
        heldout = self._sft.heldout
        if heldout is None or (self._step % heldout.every and self._step < self._total):
            return {}
        loss = _loss(self._learner.evaluate(table, self._plan.exam, "nll"), self._plan.exam)
        if self._best.observe(self._step, loss) and heldout.keep == "best":
            self._learner.export(str(self._work.best(self._step)), version=0)
        return {"heldout_loss": loss, "best_step": self._best.step}

    def _show(self, row: dict[str, float]) -> None:
        self._shown |= {short: row[name] for name, short in SHOWN.items() if name in row}
        try:
            self._progress(f"SFT {self._role}", self._step, self._total, self._shown)
        except Interrupted:
            self._save()
            raise

    def _save(self) -> None:
        self._work.save(self._step, self._best, self._learner.save)

    @property
    def _exhausted(self) -> bool:
        return self._sft.heldout is not None and self._best.exhausted(self._sft.heldout.patience)


def _conversations(table: pa.Table) -> int:
    return len(table.column("episode_id").unique())


def next_due(step: int, every: Sequence[int], total: int) -> int:
    """The first step after `step` that is a multiple of one of `every` (0: of none), or the last."""
    return min([total, *((step // each + 1) * each for each in every if each)])


def _loss(metrics: Sequence[dict[str, float]], updates: Sequence[Update]) -> float:
    """The loss of several updates as if they had been one."""
    whole = sum(update.denominator for update in updates)
    return sum(m["loss"] * update.denominator for m, update in zip(metrics, updates, strict=True)) / whole
