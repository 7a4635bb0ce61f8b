"""The course of an imitation: everything that is decided before it starts.

Pure in the model's tokenizer, the lessons, the settings and the seed: made again, it is the same, which is why an imitation
that was killed can go on. No lesson is ever cut; one that is too long ends it or is left out and listed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from actors.transcript import Renderer
from cluster.config import Config
from cluster.config.sft import SFTConfig
from cluster.errors import UserError
from cluster.imitation import heldout, mixture, sources
from cluster.imitation.lesson import Lesson
from cluster.imitation.lesson_table import lengths, lesson_table
from envs.base import Role, Split
from learner.config import KLConfig, LearnerConfig
from learner.losses import trained_tokens
from learner.plan import Update, plan
from learner.schedule import learning_rate
from learner.sequences import Sequences

Orders = list[NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Course:
    """`updates` are of `table`, the one update of `exam` is of `heldout`."""

    learner: LearnerConfig
    table: pa.Table
    updates: list[Update]
    tokens: list[int]
    """Per update, those of its lessons: neither padding nor fillers."""
    steps_per_epoch: float
    heldout: pa.Table | None
    exam: list[Update]
    left_out: list[tuple[str, int]]
    """(task, tokens) of the lessons that are too long."""


def course(config: Config, role: Role, sft: SFTConfig, model: Path) -> Course:
    """Plan an imitation of `role` that starts from `model`. Raises UserError."""
    key, seed = f"sft.{role}", config.run.seed
    train, kept_out = heldout.split(sources.lessons(config, role, sft), sft.heldout, seed, key)
    classroom = _Classroom(config, role, sft, model)
    lessons = [lesson for of_source in train for lesson in of_source]
    source = np.repeat(np.arange(len(train)), [len(of_source) for of_source in train])
    table, places = classroom.table(lessons, "train")
    learner = learner_config(config.learner, sft)
    minibatches = max(1, round(_tokens(table) / sft.tokens_per_step))
    lrs = _rates(learner, sft, minibatches * sft.epochs, key)
    orders = None if sft.sources is None else _orders(table, source[places], sft, seed)
    updates = _plan(table, learner, minibatches, lrs, seed, orders)
    if not updates:
        raise UserError(f"{key}.weights leave nothing to learn: no token of its conversations has a weight.")
    held = classroom.table(kept_out, "heldout")[0] if kept_out else None
    exam = [] if held is None else _plan(held, learner, 1, [0.0], 0)
    if kept_out and not exam:
        raise UserError(f"{key}.heldout: no token of the conversations held out has a weight.")
    return Course(learner, table, updates, _sizes(table, updates), len(updates) / sft.epochs, held, exam, classroom.left_out)


def _plan(
    table: pa.Table, learner: LearnerConfig, minibatches: int, lrs: list[float], seed: int, orders: Orders | None = None
) -> list[Update]:
    return plan(
        table,
        learner,
        ranks=learner.ranks,
        minibatches=minibatches,
        epochs=len(lrs) // minibatches,
        lrs=lrs,
        seed=seed,
        loss="nll",
        orders=orders,
    )


def learner_config(learner: LearnerConfig, sft: SFTConfig) -> LearnerConfig:
    """The learner's own settings where SFT has none. A step's size varies about its mean: twice that fits one micro-batch."""
    same = ("lr", "schedule", "weight_decay", "betas", "max_grad_norm", "ranks")
    own: dict[str, Any] = {"tokens_per_micro_batch": sft.tokens_per_micro_batch or 2 * sft.tokens_per_step}
    own |= {"aggregate": "token", "kl": KLConfig(), "lora": None}  # what else shapes a policy has no part in imitation
    if sft.ranks == 1 and learner.dtype == "float32" and learner.offload == "none":
        own["zero_stage"] = 0  # nothing to shard, and ZeRO's bookkeeping would cost a tenth of a small step
    return learner.model_copy(update={**{name: getattr(sft, name) for name in same}, **own})


class _Classroom:
    """Renders lessons for one model, and remembers what was too long for it."""

    def __init__(self, config: Config, role: Role, sft: SFTConfig, model: Path) -> None:
        self._role, self._sft = role, sft
        policy = config.policies[role]
        self._renderer = Renderer.acting(model, policy.wire) if role == config.acting else Renderer.load(model)
        self._history = policy.history_thinking
        self._limit = _limit(model, sft, f"sft.{role}")
        self.left_out: list[tuple[str, int]] = []

    def table(self, lessons: Sequence[Lesson], split: Split) -> tuple[pa.Table, list[int]]:
        """The rows of the lessons that are short enough, and their places. Raises UserError."""
        table = lesson_table(lessons, self._renderer, self._role, self._sft.weights, history=self._history, split=split)
        sizes = lengths(table)
        long = {place: size for place, size in sizes.items() if size > self._limit}
        if not long:
            return table, sorted(sizes)
        if self._sft.too_long == "error" or len(long) == len(sizes):
            self._refuse(lessons, long, len(sizes))
        self.left_out += [(lessons[place].task_id, size) for place, size in sorted(long.items())]
        table = table.filter(pc.invert(pc.is_in(table["episode_id"], pa.array(map(str, long))))).combine_chunks()
        return table, sorted(sizes.keys() - long.keys())

    def _refuse(self, lessons: Sequence[Lesson], long: dict[int, int], count: int) -> None:
        worst = max(long, key=lambda place: long[place])
        raise UserError(
            f"sft.{self._role}: {len(long)} of {count} conversations have more than {self._limit} tokens, the longest "
            f"{long[worst]} (task {lessons[worst].task_id}): shorten them, or set sft.{self._role}.too_long=drop."
        )


def _limit(model: Path, sft: SFTConfig, key: str) -> int:
    """Tokens of the longest lesson that may be."""
    made = json.loads((model / "config.json").read_text(encoding="utf-8"))
    held = made.get("max_position_embeddings") or made.get("text_config", {}).get("max_position_embeddings")
    if held is not None and sft.max_tokens is not None and sft.max_tokens > held:
        raise UserError(f"{key}.max_tokens is {sft.max_tokens}: the model holds {held} tokens.")
    limit: int = sft.max_tokens or held or 1 << 30
    return limit


def _rates(learner: LearnerConfig, sft: SFTConfig, total: int, key: str) -> list[float]:
    warmup = sft.warmup if sft.warmup < 1 else sft.warmup / total
    if warmup >= 1:
        raise UserError(f"{key}.warmup is {sft.warmup:g} steps: the imitation has only {total}.")
    learner = learner.model_copy(update={"warmup": warmup})
    return [learning_rate(learner, step, total, floor=sft.min_lr) for step in range(total)]


def _orders(table: pa.Table, source: NDArray[np.int64], sft: SFTConfig, seed: int) -> Orders:
    sequences = Sequences.of(table)
    trained = np.bincount(sequences.trajectory, weights=sequences.per_row(trained_tokens("nll", sequences))).astype(np.int64)
    weights = [given.weight for given in sft.sources or []]
    return mixture.orders(source[trained > 0], trained[trained > 0], weights, sft.epochs, seed)


def _tokens(table: pa.Table) -> int:
    return int(pc.sum(pc.list_value_length(table["tokens"])).as_py() or 0)


def _sizes(table: pa.Table, updates: Sequence[Update]) -> list[int]:
    lengths_ = Sequences.of(table).lengths
    real = [[row for micros in update.micro_batches for m in micros if any(m.weights) for row in m.rows] for update in updates]
    return [int(lengths_[rows].sum()) for rows in real]
