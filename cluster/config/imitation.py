"""Whether the `sft:` section agrees with the rest of a run. Each check raises `UserError` with the dotted path to change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING

import envs
from cluster.errors import UserError, suggestion
from envs import registry
from envs.base import Role

if TYPE_CHECKING:
    from cluster.config import Config
    from cluster.config.sft import SFTConfig, SourceConfig

SUFFIXES = (".jsonl", ".parquet")
ALL = "all"
"""The source of tasks that holds every other one that is trained on."""


def check(config: Config) -> None:
    """Raise UserError at the first contradiction; no file is looked at."""
    for role, section in _sections(config):
        key = f"sft.{role}"
        policy = config.policies[role]
        if not (policy.model or any(speaker.model for speaker in policy.mix or [])):
            raise UserError(f"{key} is given, but policies.{role} has no model to train: set {key}=null.")
        if section.ranks > config.learner.ranks:
            raise UserError(f"{key}.ranks is {section.ranks}: it must be at most learner.ranks ({config.learner.ranks}).")
        played = [source.gym for source in section.sources or [] if source.gym in envs.gyms()]
        _noise(f"{key}.demonstrator", section.demonstrator, [*config.gyms.train, *config.gyms.transfer, *played])
        if section.sources is None:
            for gym in config.gyms.train:
                _scripts(config, role, gym, section.recaps, key)
        for place, source in enumerate(section.sources or []):
            _source(config, role, section, source, f"{key}.sources.{place}", key)


def find_files(config: Config) -> None:
    """Make the files of all sources absolute. Raises UserError where there is none."""
    for role, section in _sections(config):
        for place, source in enumerate(section.sources or []):
            if source.file is not None:
                source.file = _file(f"sft.{role}.sources.{place}.file", source.file)


def _sections(config: Config) -> Iterator[tuple[Role, SFTConfig]]:
    roles: tuple[Role, ...] = ("agent", "user")
    for role in roles:
        if section := config.sft and config.sft.of(role):
            yield role, section


def _source(config: Config, role: Role, section: SFTConfig, source: SourceConfig, path: str, key: str) -> None:
    if source.gym is None:
        if source.file is not None and source.file.suffix not in SUFFIXES:
            raise UserError(f"{path}.file is {str(source.file)!r}: it must end in {' or '.join(SUFFIXES)}.")
        return
    if source.gym not in envs.gyms():
        raise UserError(f"{path}.gym is {source.gym!r}: that is no gym; {suggestion(source.gym, envs.gyms())}")
    if source.gym in config.gyms.transfer:
        raise UserError(f"{path}.gym is {source.gym!r}: it is in gyms.transfer, and nothing of a gym there may be learned.")
    if source.demonstrator is not None:
        _noise(f"{path}.demonstrator", source.demonstrator, [source.gym])
    recaps = section.recaps if source.recaps is None else source.recaps
    _scripts(config, role, source.gym, recaps, key if source.recaps is None else path)


def _noise(key: str, given: Iterable[str], gyms: Iterable[str]) -> None:
    """Whether some gym's demonstrator can be disturbed so; each takes what it knows. A transfer gym's keys may stay, though it
    is not imitated: a gym that moves from `train` to `transfer` leaves the command as it is."""
    known = {name for gym in gyms for name in registry.noise(gym)}
    for name in given:
        if name not in known:
            raise UserError(f"{key}.{name} is not a known key: {suggestion(name, known)}")


def _scripts(config: Config, role: Role, gym: str, recaps: int, key: str) -> None:
    """Whether a gym's scripts can play what is asked for; `key` is where it is asked for."""
    if role == "user" and recaps:
        raise UserError(f"{key}.recaps is given: only the agent has a closing turn to practise; set it to 0.")
    if recaps and "recaps" not in signature(registry.entry(gym).demonstrations).parameters:
        raise UserError(f"{key}.recaps is {recaps}: {gym} has nothing to drill; set it to 0 there, by a source of its own.")
    if "file" in config.gyms.tasks.get(gym, {}):
        raise UserError(
            f"gyms.tasks.{gym}.file is given: demonstrations are made of the gym's own tasks, not of a file's; set "
            f"sft.{role}=null or give it sources that are files."
        )
    asked, usual = config.gyms.tasks.get(gym, {}).get("source"), signature(registry.entry(gym).load).parameters.get("source")
    if asked is not None and usual is not None and asked not in (usual.default, ALL):
        raise UserError(
            f"gyms.tasks.{gym}.source is {asked!r}: demonstrations are made of {usual.default} tasks only; set sft.{role}=null "
            "or give it sources that are files."
        )
    if role == config.acting and config.policies[role].wire != "bracket":
        raise UserError(
            f"policies.{role}.wire is 'hermes': demonstrations are written on the bracket wire; set sft.{role}=null, or give "
            "it sources that are files."
        )


def _file(key: str, given: Path) -> Path:
    path = given.expanduser().absolute()
    if path.is_file():
        return path
    if not path.parent.is_dir():
        raise UserError(f"{key} is {str(given)!r}: there is no folder {path.parent}.")
    names = [other.name for other in path.parent.iterdir() if other.suffix in SUFFIXES and other.is_file()]
    raise UserError(f"{key} is {str(given)!r}: there is no such file: in {path.parent}, {suggestion(path.name, names)}")
