"""The lessons a role's imitation is made of, source by source."""

from __future__ import annotations

import hashlib
from pathlib import Path

import envs
from cluster.config import Config, gym_params
from cluster.config.sft import SFTConfig, SourceConfig
from cluster.imitation import conversation_file
from cluster.imitation.lesson import Lesson
from envs import registry
from envs.base import Role


def of(config: Config, sft: SFTConfig) -> list[SourceConfig]:
    """The sources as given, or the gyms of the run."""
    return sft.sources or [SourceConfig(gym=gym) for gym in sorted(config.gyms.train)]


def lessons(config: Config, role: Role, sft: SFTConfig) -> list[list[Lesson]]:
    """The lessons of every source, in order. Raises UserError where a file is not what it should be."""
    return [
        _played(config, role, sft, source) if source.gym is not None else conversation_file.read(source)
        for source in of(config, sft)
    ]


def check_files(config: Config) -> None:
    """Read the files of all imitations once, before anything starts. Raises UserError."""
    for section in (config.sft.agent, config.sft.user) if config.sft else ():
        for source in (section.sources if section else None) or []:
            if source.file is not None:
                conversation_file.read(source)


def _played(config: Config, role: Role, sft: SFTConfig, source: SourceConfig) -> list[Lesson]:
    assert source.gym is not None
    recaps = sft.recaps if source.recaps is None else source.recaps
    given = sft.demonstrator if source.demonstrator is None else source.demonstrator
    noise = {name: value for name, value in given.items() if name in registry.noise(source.gym)}
    options = {"recaps": recaps} if recaps else {}
    shown = envs.demonstrations(
        source.gym,
        role,
        source.episodes or sft.episodes,
        config.run.seed,
        params=gym_params(config, source.gym),
        **options,
        **noise,
    )
    return [Lesson.of(demonstration) for demonstration in shown]


def name(source: SourceConfig) -> str:
    """How a person knows it."""
    return source.file.name if source.file is not None else str(source.gym)


def digests(sft: SFTConfig) -> dict[str, str]:
    """What the files of an imitation hold, by path: another content is another imitation."""
    files = [source.file for source in sft.sources or [] if source.file is not None]
    return {str(path): _digest(path) for path in files}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8)).hexdigest()
