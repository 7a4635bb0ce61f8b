"""A finished run made up from numbers: rows without tokens worth naming, metrics that rise."""

import random
from pathlib import Path

import pyarrow as pa

from cluster.record import summary
from cluster.record.run_directory import RunDirectory
from rewards.trajectory import Row, Turn, to_table

EVALUATIONS = {
    "heldout-before": 0.43,
    "heldout-before-greedy": 0.86,
    "heldout-after": 0.84,
    "heldout-after-greedy": 0.9,
    "heldout-after-constant-user": 0.38,
    "baseline-random": 0.22,
    "baseline-best_fixed_script": 0.58,
    "baseline-oracle": 1.0,
}


def episodes(
    level: float, count: int, split: str = "heldout", seed: int = 0, tokens: int = 4, gym: str = "IntentionGym"
) -> pa.Table:
    """`count` episodes of as many tasks around a score; every episode samples half of its tokens."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        score = min(1.0, max(0.0, rng.gauss(level, 0.2))) if level < 1 else 1.0
        half = tokens // 2
        rows.append(
            Row(
                policy="agent",
                opponent="user@0",
                gym=gym,
                task_id=f"{split}-{number}",
                split=split,
                group_id=number,
                episode_id=f"{number}.0",
                tokens=list(range(tokens)),
                turn=[-1] * half + [0] * (tokens - half),
                logprobs=[None] * half + [-0.5] * (tokens - half),
                version=[0] * tokens,
                turns=[Turn(0, "stop", rewards={"env": (score, "rule"), "format": (0.0, "rule")})],
                score=score,
                success=score > 0.9,
                ended="terminated",
                messages='[{"role": "user", "content": "I want a <b>trip</b>."}, {"role": "assistant", "content": "When?"}]',
            )
        )
    return to_table(rows)


def make(root: Path, name: str = "quick", iterations: int = 40) -> RunDirectory:
    run = RunDirectory(root, name)
    run.create()
    run.write_config("run: {name: quick, seed: 3}\n")
    rng = random.Random(0)
    for phase, level in EVALUATIONS.items():
        run.write_trajectories(episodes(level, 200, seed=len(phase)), phase)
    for i in range(1, iterations + 1):
        run.write_trajectories(episodes(0.4 + i / 100, 8, split="train", seed=i), "train", i)
        done = i / iterations
        run.append_metrics(
            {
                "iteration": i,
                "wall_s": 4.0 * i,
                "reward/success": 0.35 + 0.4 * done + rng.gauss(0, 0.02),
                "reward/score": 0.43 + 0.4 * done + rng.gauss(0, 0.02),
                "rollout/turns": 9 - 3 * done + rng.gauss(0, 0.1),
                "rollout/tokens": 90 - 25 * done + rng.gauss(0, 1),
                "learner/entropy": 1.2 - done + rng.gauss(0, 0.02),
                "learner/loss": rng.gauss(0, 0.02),
                "learner/grad_norm": 0.5 + abs(rng.gauss(0, 0.1)),
                "learner/mismatch_kl": 10 ** rng.gauss(-9, 0.3),
                "time/rollout": 2.4 + rng.gauss(0, 0.1),
                "time/learn": 1.1 + rng.gauss(0, 0.05),
                "time/publish": 0.1,
                "time/checkpoint": 0.8 if i % 10 == 0 else 0.0,
            }
        )
    run.write_summary(summary.recompute(run.path))
    return run
