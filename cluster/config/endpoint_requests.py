"""How many requests a run may send to endpoints: upper bounds, for `--dry-run`. Pure.

A turn asks the partner once and the judge for as many verdicts as the gym that asks for most, and no conversation has more
than `gyms.max_turns` turns. The bounds hold while no group is played again and no step is repeated after a lost rank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import envs
from cluster.config.gym_counts import heldout_counts
from envs.verdicts import NoJudge

if TYPE_CHECKING:
    from cluster.config import Config
    from rewards.config import RetryPolicy


def endpoint_requests(config: Config) -> dict[str, int]:
    """Most requests `per_step` and `per_run`, evaluations included, when every request is answered at once, and
    `…_with_retries` when each is tried as often as its policy allows. Empty for a run without endpoints."""
    judge = config.judges["default"]
    users = [_tries(speaker.retry) for speaker in config.policies[config.partner].mix or [] if speaker.endpoint is not None]
    judges = [_tries(judge.retry)] if judge.endpoint is not None else []
    if not users and not judges:
        return {}
    asked = max(_verdicts(config, gym) for gym in (*config.gyms.train, *config.gyms.transfer))
    step = config.rollout.groups_per_step * config.rollout.group_size
    counts: dict[str, int] = {}
    for suffix, user, verdict in (
        ("", min(1, len(users)), asked * len(judges)),
        ("_with_retries", max(users, default=0), asked * sum(judges)),
    ):
        turns = config.gyms.max_turns
        counts[f"per_step{suffix}"] = step * turns * (user + verdict)
        whole, judged_only = _evaluated(config)
        episodes = config.run.iterations * step + whole
        counts[f"per_run{suffix}"] = turns * (episodes * (user + verdict) + judged_only * verdict)
    return counts


def _verdicts(config: Config, gym: str) -> int:
    params = {"max_turns": config.gyms.max_turns, **config.gyms.params.get(gym, {})}
    return envs.create(gym, envs.ConstantSpeaker(""), NoJudge(), **params).most_verdicts()


def _tries(retry: RetryPolicy) -> int:
    return 1 + retry.transport + retry.invalid


def _evaluated(config: Config) -> tuple[int, int]:
    """Held-out episodes of a run: (against the user of the training, against one that asks no endpoint)."""
    evaluation = config.eval
    trained = sum(heldout_counts(config).values())
    episodes = trained + sum(heldout_counts(config, transfer=True).values())
    between = config.run.iterations // evaluation.every if evaluation.every else 0
    before_and_after = 2 * (1 + evaluation.greedy)
    usual, constant = trained * between + episodes * before_and_after, episodes * evaluation.constant_user
    return (0, usual + constant) if evaluation.user else (usual, constant)
