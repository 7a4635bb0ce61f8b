"""One imitation: plan the course, start a learner, go through the loop."""

from __future__ import annotations

from pathlib import Path

import ray

from cluster.config import Config
from cluster.config.sft import SFTConfig
from cluster.errors import RunFailed
from cluster.imitation.course import course
from cluster.imitation.loop import Loop, Progress
from cluster.imitation.work_folder import WorkFolder
from cluster.start.preflight import RANK_CPUS
from envs.base import Role
from learner.rank_group import RankGroup


def imitate(config: Config, role: Role, sft: SFTConfig, model: Path, work: WorkFolder, progress: Progress) -> None:
    """Train `model` by imitation of a role and write the result to `work.out`, which appears complete or not at all.

    Goes on from the checkpoint in `work`, whose lock the caller has. Raises UserError, LearnerError, RunFailed, Interrupted.
    """
    plan = course(config, role, sft, model)
    ranks = RankGroup(role, str(model), plan.learner, seed=config.run.seed, cpus=RANK_CPUS)
    try:
        ranks.start()
        table, heldout = ray.put(plan.table), None if plan.heldout is None else ray.put(plan.heldout)
        Loop(role, sft, plan, ranks, work, progress).run(table, heldout)
    except FloatingPointError as error:
        raise RunFailed(f"imitation of role {role} broke off: {error}; lower sft.{role}.lr.") from error
    finally:
        ranks.shutdown()
