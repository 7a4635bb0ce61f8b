"""From a policy's `model:` to a folder with weights and tokenizer.

A string is a folder as it stands. `{tiny: NAME}` is made on first use under `<root>/models/`, from the training texts
of the run's gyms; the folder's name carries what it was made from, so another gym, seed or wording gives another model.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import envs
from actors.config import TinyModel
from cluster.config import NOT_LEARNED, Config, gym_params, trained_gyms
from envs.base import Demonstration, Role

TEXTS_PER_ROLE = 2000
"""Demonstrations per gym and role that a tiny tokenizer is trained on."""

DIGESTED_PER_ROLE = 200
"""Demonstrations per gym and role that tell one wording of a gym from another: looked at whenever a run starts."""

VOCABULARY_PER_GYM = 1024
"""Tokens a tiny tokenizer may have for each gym's words; one gym fills about 700."""


def model_path(model: TinyModel | str, config: Config) -> Path:
    """The folder of a model, made if it is tiny and not there yet."""
    if isinstance(model, str):
        return Path(model).expanduser().absolute()
    parts = [model.tiny, str(config.run.seed), trained_gyms(config).model_dump_json(exclude=NOT_LEARNED)]
    key, wording = _digest(parts), _digest(training_texts(config, DIGESTED_PER_ROLE))
    path = config.run.root / "models" / f"tiny-{model.tiny}-{key}-{wording}"
    if not path.exists():
        from learner.tiny import make_tiny

        try:
            vocabulary = VOCABULARY_PER_GYM * len(config.gyms.train)
            make_tiny(path, training_texts(config), seed=int(key, 16), vocabulary=vocabulary)
        except OSError:
            if not path.exists():  # else a run beside this one was faster, with the same result
                raise
    return path


def training_texts(config: Config, per_role: int = TEXTS_PER_ROLE) -> list[str]:
    """Everything said in demonstrations of both roles: train tasks only, so nothing held out reaches a tokenizer."""
    roles: tuple[Role, ...] = ("agent", "user")
    shown: list[Demonstration] = []
    for gym in sorted(config.gyms.train):
        for role in roles:
            shown += envs.demonstrations(gym, role, per_role, 0, params=gym_params(config, gym))
    # With the role as the chat template prints it, so that it becomes one token.
    return [f"{message.role}\n{message.content}\n" for demonstration in shown for message in demonstration.messages]


def _digest(parts: list[str]) -> str:
    return hashlib.blake2b("/".join(parts).encode(), digest_size=4).hexdigest()
