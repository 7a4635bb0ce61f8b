"""Before training: every model is made or found, and trained by imitation where the run asks for it.

Imitations of different policies run side by side, each with a learner of its own. A finished one is kept under
`<root>/models/`, named by all it depends on, and used again: a run that is started over does not repeat it.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cluster.config import Config, trained_gyms
from cluster.config.sections import SFTConfig, SFTSection
from cluster.start.models import model_path
from cluster.start.parts import Models, user_speakers
from cluster.start.sft import Progress, imitate
from envs.base import Role
from learner.rank_group import LearnerError


def prepare(config: Config, progress: Progress) -> Models:
    """The folders every policy starts from."""
    agent = config.policies["agent"].model
    assert agent is not None  # checked with the config: the trained policy has a model
    users = {name: speaker.model for name, speaker in user_speakers(config).items() if speaker.model is not None}
    sft = config.sft or SFTSection()
    jobs: list[tuple[Role, SFTConfig | None, Path]] = [("agent", sft.agent, model_path(agent, config))]
    paths = {name: model_path(model, config) for name, model in users.items()}
    jobs += [("user", sft.user, path) for path in dict.fromkeys(paths.values())]  # each model once, whoever shares it
    # One after the other where learners have a place of their own: one each would need a GPU, or that place, each.
    alone = config.learner.gpus_per_rank or config.learner.resources
    with ThreadPoolExecutor(max_workers=1 if alone else len(jobs)) as pool:
        futures = [pool.submit(_imitated, config, role, section, path, progress) for role, section, path in jobs]
        first, *others = [future.result() for future in futures]
    trained = {path: done for (_, _, path), done in zip(jobs[1:], others, strict=True)}
    judge = config.judges["default"].model
    return Models(
        agent=first,
        frozen={name: trained[path] for name, path in paths.items()},
        judge=model_path(judge, config) if judge is not None else None,
    )


def _imitated(config: Config, role: Role, section: SFTConfig | None, model: Path, progress: Progress) -> Path:
    if section is None:
        return model
    out = config.run.root / "models" / f"sft-{role}-{_fingerprint(config, role, section, model)}"
    if not out.exists():
        try:
            imitate(config, role, section, model, out, progress)
        except LearnerError:
            if not out.exists():  # else a run beside this one was faster, with the same result
                raise
    return out


def _fingerprint(config: Config, role: Role, section: SFTConfig, model: Path) -> str:
    """What an imitation depends on; the same inputs give the same folder, any other gives another."""
    parts = [
        role,
        section.model_dump_json(),
        str(model),
        str(config.run.seed),
        config.learner.aggregate,
        trained_gyms(config).model_dump_json(),
    ]
    return hashlib.blake2b("/".join(parts).encode(), digest_size=6).hexdigest()
