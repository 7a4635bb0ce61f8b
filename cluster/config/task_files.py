"""Whether the task files of a config (`gyms.tasks.GYM.file`) can be played by what it names.

A task that is told in free words takes models (`Task.beyond_rules`): a script or a rule is refused, before anything starts.
Each check raises `UserError` with the dotted path to change. `find` also makes the paths absolute, the one change made.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import envs
from cluster.errors import UserError, suggestion
from envs.adversarial import PREFIX
from envs.base import Scripted
from envs.verdicts import NoJudge

if TYPE_CHECKING:
    from cluster.config import Config

REMEDY: dict[Scripted, str] = {
    "agent": "set it to false",
    "partner": "give a model or an endpoint",
    "judge": "set it to vllm or endpoint",
}


def file_of(config: Config, gym: str) -> str | None:
    """The task file of a gym, if it has one."""
    file = config.gyms.tasks.get(gym, {}).get("file")
    return None if file is None else str(file)


def find(config: Config) -> None:
    """Make the files absolute. Raises UserError where there is none."""
    for gym in config.gyms.tasks:
        if given := file_of(config, gym):
            path = Path(given).expanduser().absolute()
            if not path.is_file():
                near = [other.name for other in path.parent.glob("*.jsonl")]
                raise UserError(f"gyms.tasks.{gym}.file is {given!r}: there is no such file; {suggestion(path.name, near)}")
            config.gyms.tasks[gym]["file"] = str(path)


def check(config: Config, gym: str) -> None:
    """Raise UserError if a task of a gym's file cannot be played as the config has it."""
    options = config.gyms.tasks[gym]
    tasks = [*envs.load(gym, "train", **options), *envs.load(gym, "heldout", **options)]
    free = frozenset[Scripted]().union(*(task.beyond_rules for task in tasks))
    for key, value, what in _scripts(config):
        if what in free:
            raise UserError(
                f"{key} is {value}: the tasks of {options['file']} for {gym} are told in free words, which no script knows; "
                f"{REMEDY[what]}."
            )
    try:
        params = {"max_turns": config.gyms.max_turns, **config.gyms.params.get(gym, {})}
        made = envs.create(gym, envs.ConstantSpeaker(""), NoJudge(), **params)
        for task in tasks:
            made.fits(task)
            made.reset(task, 0)
    except ValueError as error:  # how a gym refuses a task
        raise UserError(f"gyms.tasks.{gym}.file: {str(error).rstrip('.')}.") from None


def _scripts(config: Config) -> Iterator[tuple[str, str, Scripted]]:
    """What of a run is a script: its key, its value, and what it is in an episode."""
    judge, partner = config.judges.get("default"), config.policies[config.partner]
    if judge is not None and judge.backend == "rules":
        yield "judges.default.backend", "rules", "judge"
    policy = f"policies.{config.partner}"
    speakers: list[tuple[str, str | None]] = [(f"{policy}.speaker", partner.speaker), ("eval.user", config.eval.user)]
    speakers += [(f"{policy}.mix.{place}.speaker", each.speaker) for place, each in enumerate(partner.mix or [])]
    for key, speaker in speakers:
        if speaker is not None and (speaker == "scripted" or speaker.startswith(PREFIX)):
            yield key, speaker, "partner"
    if config.eval.baselines:
        yield "eval.baselines", "true", "agent"
