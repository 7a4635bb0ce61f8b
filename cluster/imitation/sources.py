"""The lessons a role's imitation is made of, source by source."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import envs
from cluster.config import Config, gym_params
from cluster.config.sft import SFTConfig, SourceConfig
from cluster.imitation import conversation_file
from cluster.imitation.lesson import Lesson
from envs import registry
from envs.base import Role

DIGESTED = 200
"""Demonstrations, and recaps, of a gym that its digest is made of."""


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


def _played(config: Config, role: Role, sft: SFTConfig, source: SourceConfig, at_most: int = sys.maxsize) -> list[Lesson]:
    """`at_most`: of demonstrations, and of recaps."""
    assert source.gym is not None
    recaps = min(at_most, sft.recaps if source.recaps is None else source.recaps)
    given = sft.demonstrator if source.demonstrator is None else source.demonstrator
    noise = {name: value for name, value in given.items() if name in registry.noise(source.gym)}
    options = {"recaps": recaps} if recaps else {}
    shown = envs.demonstrations(
        source.gym,
        role,
        min(at_most, source.episodes or sft.episodes),
        config.run.seed,
        params=gym_params(config, source.gym),
        **options,
        **noise,
    )
    return [Lesson.of(demonstration) for demonstration in shown]


def name(source: SourceConfig) -> str:
    """How a person knows it."""
    return source.file.name if source.file is not None else str(source.gym)


def digests(config: Config, role: Role, sft: SFTConfig) -> list[str]:
    """What the sources hold, in order: another content, or another wording of a gym, is another imitation."""
    return [
        _digest_of_file(source.file) if source.file is not None else _digest_of_gym(config, role, sft, source)
        for source in of(config, sft)
    ]


def _digest_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8)).hexdigest()


def _digest_of_gym(config: Config, role: Role, sft: SFTConfig, source: SourceConfig) -> str:
    """Of some of its demonstrations: a changed wording shows in them, and all would take seconds whenever a run starts."""
    lessons = _played(config, role, sft, source, at_most=DIGESTED)
    said = [f"{message.role}\n{message.content}" for lesson in lessons for message in lesson.messages]
    return hashlib.blake2b("\n".join(said).encode(), digest_size=8).hexdigest()
