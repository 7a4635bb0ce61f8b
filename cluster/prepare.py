"""Before training: every model is made or found, and trained by imitation where the run asks for it.

Imitations of different policies run side by side, each with a learner of its own. A finished one is kept under
`<root>/models/`, named by all it depends on, and used again: a run that is started over does not repeat it.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from actors.config import TinyModel
from cluster.config import Config
from cluster.models import model_path
from cluster.parts import Models, user_speakers
from cluster.sections import SFTConfig
from cluster.sft import Progress, imitate
from envs.base import Role


def prepare(config: Config, progress: Progress) -> Models:
    """The folders every policy starts from."""
    agent = config.policies["agent"].model
    assert agent is not None  # checked with the config: the trained policy has a model
    users = {name: speaker.model for name, speaker in user_speakers(config).items() if speaker.model is not None}
    sft = config.sft
    jobs: list[tuple[Role, SFTConfig | None, TinyModel | str]] = [("agent", sft.agent if sft else None, agent)]
    jobs += [("user", sft.user if sft else None, model) for model in users.values()]
    paths = [model_path(model, config) for _, _, model in jobs]
    with ThreadPoolExecutor(max_workers=len(jobs)) as pool:
        futures = [
            pool.submit(_imitated, config, role, section, path, progress)
            for (role, section, _), path in zip(jobs, paths, strict=True)
        ]
        done = [future.result() for future in futures]
    return Models(agent=done[0], frozen=dict(zip(users, done[1:], strict=True)))


def _imitated(config: Config, role: Role, section: SFTConfig | None, model: Path, progress: Progress) -> Path:
    if section is None:
        return model
    out = config.run.root / "models" / f"sft-{role}-{_fingerprint(config, role, section, model)}"
    if not out.exists():
        imitate(config, role, section, model, out, progress)
    return out


def _fingerprint(config: Config, role: Role, section: SFTConfig, model: Path) -> str:
    """What an imitation depends on; the same inputs give the same folder, any other gives another."""
    parts = [role, section.model_dump_json(), str(model), str(config.run.seed), *sorted(config.gyms.train)]
    return hashlib.blake2b("/".join(parts).encode(), digest_size=6).hexdigest()
