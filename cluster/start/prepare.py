"""Before training: every model is made or found, and trained by imitation where the run asks for it.

Imitations of different policies run side by side, each with a learner of its own, where a run reserves enough for that. A
finished one is kept under `<root>/models/`, named by all it depends on, and used again; one that was killed goes on from its
last checkpoint. A run that is started over repeats neither.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from actors.config import SpeakerConfig
from cluster.config import NOT_LEARNED, Config, trained_gyms
from cluster.config.sft import SFTConfig, SFTSection
from cluster.errors import UserError
from cluster.imitation import sources
from cluster.imitation.imitate import imitate
from cluster.imitation.loop import Progress
from cluster.imitation.work_folder import SILENT_S, WorkFolder
from cluster.start.models import model_path
from cluster.start.parts import Models, partner_speakers
from envs.base import Role

NO_MATTER = {"log_every", "checkpoint_every"}
"""Settings of an imitation that its result does not depend on."""
Job = tuple[Role, SFTConfig | None, Path]
"""(role, how it is imitated, the model to start from)"""


def prepare(
    config: Config, progress: Progress, *, go_on: bool = True, partners: Mapping[str, SpeakerConfig] | None = None
) -> Models:
    """The folders every policy starts from: that of who acts, if it has a model, and those of `partners` (None: of the mix).

    Without `go_on` an imitation that was not finished is a UserError.
    """
    acting, partner = config.acting, config.partner
    model, partners = config.policies[acting].model, partner_speakers(config) if partners is None else partners
    sft = config.sft or SFTSection()
    jobs: list[Job] = [] if model is None else [(acting, sft.of(acting), model_path(model, config))]
    paths = {name: model_path(speaker.model, config) for name, speaker in partners.items() if speaker.model is not None}
    jobs += [(partner, sft.of(partner), path) for path in dict.fromkeys(paths.values())]  # each model once, whoever shares it
    # One after the other where learners have a place of their own, or several ranks: a run reserves these once.
    ranks = [section.ranks for _, section, _ in jobs if section is not None]
    alone = bool(config.learner.gpus_per_rank or config.learner.resources) or max(ranks, default=1) > 1
    made = each(lambda job: _imitated(config, *job, progress, go_on), jobs, alone=alone)
    trained = {path: done for (role, _, path), done in zip(jobs, made, strict=True) if role == partner}
    judge = config.judges["default"].model
    return Models(
        acting=None if model is None else made[0],
        frozen={name: trained[path] for name, path in paths.items()},
        judge=model_path(judge, config) if judge is not None else None,
    )


def each(make: Callable[[Job], Path], jobs: Sequence[Job], *, alone: bool) -> list[Path]:
    """What is made of every job, in order: side by side, or `alone` one after the other, where none begins once one failed."""
    if alone:
        return [make(job) for job in jobs]
    with ThreadPoolExecutor(max_workers=max(1, len(jobs))) as pool:
        return list(pool.map(make, jobs))


def prepare_role(config: Config, role: Role, out: Path | None, progress: Progress, *, go_on: bool) -> Path:
    """One role's imitation alone, with its result in `out` (None: where `prepare` keeps it). Raises UserError."""
    sft = config.sft or SFTSection()
    section = sft.of(role)
    if section is None:
        raise UserError(f"sft.{role} is null: give it a section to imitate by, for example {{episodes: 1000}}.")
    out = out and out.expanduser().absolute()
    if out is not None and out.exists():
        raise UserError(f"--out is {str(out)!r}: that exists already; give a new folder.")
    partners = [speaker.model for speaker in partner_speakers(config).values()]
    models = [config.policies[role].model] if role == config.acting else partners
    start = list(dict.fromkeys(model_path(model, config) for model in models if model is not None))
    if len(start) > 1:
        raise UserError(f"--role is {role!r}: policies.{role} has {len(start)} models; leave one in its mix.")
    return _imitated(config, role, section, start[0], progress, go_on, out)


def _imitated(
    config: Config,
    role: Role,
    section: SFTConfig | None,
    model: Path,
    progress: Progress,
    go_on: bool,
    out: Path | None = None,
) -> Path:
    if section is None:
        return model
    made_of = _made_of(config, role, section, model)
    fingerprint = hashlib.blake2b(json.dumps(made_of, sort_keys=True).encode(), digest_size=6).hexdigest()
    work = WorkFolder(out or config.run.root / "models" / f"sft-{role}-{fingerprint}")
    if work.out.exists():
        return work.out
    if not go_on and (begun := work.checkpoint()) is not None:
        raise UserError(f"{begun} is of an imitation that was not finished: give --resume, or remove {work.path}.")
    patience_s = max(SILENT_S, 2 * config.learner.step_timeout_s)  # of a row: a call to learn, another for what is held out
    with work.held(lambda holder: progress(f"SFT {role} by {holder}", 0, 1, {}), patience_s):
        if not work.out.exists():  # else a run beside this one was faster, with the same result
            work.same(made_of)
            imitate(config, role, section, model, work, progress)
    return work.out


def _made_of(config: Config, role: Role, section: SFTConfig, model: Path) -> dict[str, Any]:
    """What an imitation depends on; the same inputs give the same folder, any other gives another."""
    return {
        "role": role,
        "sft": {role: section.model_dump(mode="json", exclude=NO_MATTER)},
        "model": str(model),
        "run": {"seed": config.run.seed},
        "learner": {"dtype": config.learner.dtype},
        "gyms": trained_gyms(config).model_dump(mode="json", exclude=NOT_LEARNED),
        "policies": {role: config.policies[role].model_dump(mode="json", include={"history_thinking", "wire"})},
        "sources": sources.digests(config, role, section),
    }
