"""Who is measured: `endpoint`, `scripted:NAME`, or the folder of a run, a checkpoint or a Hugging Face model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from actors.acting import scripts
from actors.model_folder import fingerprint
from cluster.config import Config
from cluster.config.coherence import MODEL_FILE
from cluster.errors import UserError, suggestion
from cluster.record.export import newest_model

ENDPOINT = "endpoint"
SCRIPTED = "scripted:"
OF_CHECKPOINT = "learner_group/*/hf"
"""Where a checkpoint keeps the policy that it trained in Hugging Face's layout."""


@dataclass(frozen=True, slots=True)
class Subject:
    """`label` names it in the outputs, `identity` says whether two are the same. `name` is the model's folder, the script, or
    what its server calls the model."""

    kind: Literal["model", "endpoint", "script"]
    name: str
    label: str
    identity: str


def subject(who: str, config: Config) -> Subject:
    """The agent that `WHO` names. Raises UserError."""
    if who == ENDPOINT:
        return _endpoint(config)
    if who.startswith(SCRIPTED):
        return _script(who.removeprefix(SCRIPTED), config)
    folder = model_folder(who)
    return Subject("model", str(folder), _label(folder), f"{folder.name}@{fingerprint(folder)}")


def named(subjects: Sequence[Subject]) -> list[Subject]:
    """The same, with labels that differ."""
    found: list[Subject] = []
    for each in subjects:
        taken = [other.label for other in found]
        again = next(n for n in range(1, len(taken) + 2) if (f"{each.label}-{n}" if n > 1 else each.label) not in taken)
        found.append(replace(each, label=f"{each.label}-{again}") if again > 1 else each)
    return found


def _endpoint(config: Config) -> Subject:
    agent = config.eval.agent
    if agent is None or agent.endpoint is None:
        raise UserError(
            "WHO is endpoint, and eval.agent is null: give it {speaker: endpoint, endpoint: {base_url: ..., model: ...}}."
        )
    model = agent.endpoint.model
    return Subject("endpoint", model, model, f"endpoint:{model}")


def _script(name: str, config: Config) -> Subject:
    gyms = [*config.gyms.train, *config.gyms.transfer]
    offered = [set(scripts(gym, config.gyms.tasks.get(gym, {}))) for gym in gyms]
    for gym, names in zip(gyms, offered, strict=True):
        if name not in names:
            raise UserError(f"WHO is {SCRIPTED}{name}: {gym} has no such script: {suggestion(name, _everywhere(offered))}")
    return Subject("script", name, name, f"{SCRIPTED}{name}")


def _everywhere(offered: Iterable[set[str]]) -> set[str]:
    return set.intersection(*offered)


def model_folder(who: str) -> Path:
    """Where the weights lie of the model that a folder of a run, a checkpoint or a model stands for. Raises UserError."""
    folder = Path(who).expanduser().absolute()
    for found in (folder, *folder.glob(OF_CHECKPOINT)):
        if (found / MODEL_FILE).is_file():
            return found
    if (folder / "checkpoints").is_dir():
        return newest_model(folder)
    if folder.is_dir():
        raise UserError(f"WHO is {who!r}: that folder holds no {MODEL_FILE}, no checkpoint and no run.")
    others = f"{ENDPOINT}, or {SCRIPTED}oracle"
    raise UserError(f"WHO is {who!r}: there is no such folder: give one of a model, a checkpoint or a run, or {others}.")


def _label(folder: Path) -> str:
    """`quickstart-000040` for a checkpoint of a run, else the folder's name."""
    parts = folder.parts
    if "checkpoints" in parts[1:-1]:
        place = len(parts) - 1 - parts[::-1].index("checkpoints")
        return f"{parts[place - 1]}-{parts[place + 1]}"
    return folder.name
