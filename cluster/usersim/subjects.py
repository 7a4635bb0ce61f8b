"""Which users are measured: a rule user by its name, or whoever `parley eval` can measure (`cluster.evaluation.subject`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cluster.config import Config
from cluster.errors import UserError, suggestion
from cluster.evaluation.subject import ENDPOINT, SCRIPTED, Subject, named, subject
from envs.usersim.users import USERS


def users(who: Sequence[str], config: Config) -> list[Subject]:
    """WHO and the names of --also, in their order. Raises UserError."""
    for place, name in enumerate(who):
        if name in who[:place]:
            raise UserError(f"--also is {name!r}: that user is there already; give another one.")
    return named([_user(name, config) for name in who])


def _user(who: str, config: Config) -> Subject:
    if who in USERS:
        return Subject("script", who, who, f"{SCRIPTED}{who}")
    if who != ENDPOINT and not Path(who).expanduser().exists():
        raise UserError(f"WHO is {who!r}: there is no such rule user and no such folder; {suggestion(who, USERS)}")
    return subject(who, config)
