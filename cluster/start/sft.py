"""Imitation before reinforcement: demonstrations become a trajectory table, the learner does the rest with loss `nll`.

The same transcript that records rollouts builds the rows, so imitation and training see the same tokens. The
`advantage` column is the weight of a token: 1 where the policy speaks, `context_weight` where it only reads, 0 on its
own words that only lead up to what is practised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import ray

import envs
from actors.transcript import Renderer, TokenSequence, Transcript, as_json
from cluster.config import Config, gym_params
from cluster.config.sections import SFTConfig
from cluster.start.preflight import RANK_CPUS
from envs import registry
from envs.base import Demonstration, Message, Role
from learner.config import LearnerConfig
from learner.plan import Update, plan
from learner.rank_group import RankGroup
from learner.schedule import learning_rate
from rewards.trajectory import Row, Turn, to_table, with_advantage

CHUNK = 200
"""Optimizer steps per call of the learner: often enough for a progress bar, seldom enough to cost nothing."""

Progress = Callable[[str, int, int, dict[str, float]], None]
"""(what, steps done, steps in all, metrics of the last chunk)"""


def demonstration_table(
    demonstrations: Iterable[Demonstration], renderer: Renderer, policy: str, context_weight: float
) -> pa.Table:
    """One row per demonstration, with the weight of each token in the `advantage` column."""
    rows, weights = [], []
    for number, shown in enumerate(demonstrations):
        sequence, turns, weight = _tokens(shown, renderer, context_weight)
        weights.append(weight)
        rows.append(
            Row(
                policy=policy,
                opponent="scripted",
                gym=shown.gym,
                task_id=shown.task_id,
                split="train",
                group_id=number,
                episode_id=str(number),
                tokens=sequence.tokens,
                turn=sequence.turn,
                logprobs=sequence.logprobs,
                version=sequence.versions,
                turns=turns,
                messages=as_json(shown.messages),
            )
        )
    return with_advantage(to_table(rows), weights)


def _tokens(shown: Demonstration, renderer: Renderer, context_weight: float) -> tuple[TokenSequence, list[Turn], list[float]]:
    """The ids of a demonstration as a rollout would have recorded them, its turns, and a weight per token.

    A drill (`last_only`) has no weight but on its last words: what leads up to them is drawn at random, and learning to
    expect it would drown what is to be practised.
    """
    context = 0.0 if shown.last_only else context_weight
    transcript = Transcript(renderer)
    heard: list[Message] = []
    turns: list[Turn] = []
    weights: list[float] = []
    last = max(number for number, message in enumerate(shown.messages) if message.role == "assistant")
    for number, message in enumerate(shown.messages[: last + 1]):
        if message.role != "assistant":
            heard.append(message)
            continue
        transcript.hear("", tuple(heard))
        weights += [context] * (len(transcript.sequences[0].tokens) - len(weights))
        transcript.demonstrate(len(turns), message.content)
        imitated = 1.0 if number == last or not shown.last_only else 0.0
        weights += [imitated] * (len(transcript.sequences[0].tokens) - len(weights))
        turns.append(Turn(len(turns), "stop"))
        heard = []
    return transcript.sequences[0], turns, weights


def imitate(config: Config, role: Role, sft: SFTConfig, model: Path, out: Path, progress: Progress) -> None:
    """Train `model` on demonstrations of a role and write the result to `out`, which appears complete or not at all."""
    table = _demonstrations(config, role, sft, model)
    learner = _learner_config(config.learner, sft)
    updates = _updates(table, learner, sft, config.run.seed)
    ranks = RankGroup(role, str(model), learner, seed=config.run.seed, cpus=RANK_CPUS)
    try:
        ranks.start()
        reference = ray.put(table)
        for start in range(0, len(updates), CHUNK):
            metrics = ranks.update(reference, updates[start : start + CHUNK], "nll")
            progress(f"SFT {role}", min(start + CHUNK, len(updates)), len(updates), {"loss": metrics[-1]["loss"]})
        ranks.export(str(out), version=0)
    finally:
        ranks.shutdown()


def _demonstrations(config: Config, role: Role, sft: SFTConfig, model: Path) -> pa.Table:
    options = {"recaps": sft.recaps} if sft.recaps else {}
    shown: list[Demonstration] = []
    for gym in sorted(config.gyms.train):
        params = gym_params(config, gym)
        noise = {name: value for name, value in sft.demonstrator.items() if name in registry.noise(gym)}
        shown += envs.demonstrations(gym, role, sft.episodes, config.run.seed, params=params, **options, **noise)
    return demonstration_table(shown, Renderer.load(model), role, sft.context_weight)


def _learner_config(learner: LearnerConfig, sft: SFTConfig) -> LearnerConfig:
    """The learner's own settings where SFT has none. A step's size varies about its mean: twice that fits one micro-batch."""
    same = ("lr", "schedule", "warmup", "weight_decay", "betas", "max_grad_norm")
    # One rank has nothing to shard, and ZeRO's bookkeeping would cost a tenth of so small a step.
    own = {"ranks": 1, "zero_stage": 0, "tokens_per_micro_batch": 2 * sft.tokens_per_step}
    return learner.model_copy(update={**{name: getattr(sft, name) for name in same}, **own})


def _updates(table: pa.Table, learner: LearnerConfig, sft: SFTConfig, seed: int) -> list[Update]:
    tokens = sum(map(len, table.column("tokens").to_pylist()))
    minibatches = max(1, round(tokens / sft.tokens_per_step))
    total = minibatches * sft.epochs
    lrs = [learning_rate(learner, step, total) for step in range(total)]
    return plan(table, learner, ranks=1, minibatches=minibatches, epochs=sft.epochs, lrs=lrs, seed=seed, loss="nll")
