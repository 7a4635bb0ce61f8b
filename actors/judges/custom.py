"""A judge of the user's: `"package.module:Class"`, a class with `source` and `async judge(requests)` (see `base`).

It is found as `envs.modules` says. It must not block the event loop: while it computes, it answers no ping, and an actor that
is silent for long is ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import isclass, iscoroutinefunction
from typing import Any

from actors.judges.base import Backend
from envs import modules


class NoSuchJudge(ValueError):
    """What was named is no judge; the message is the reason, fit to follow `judges.default.backend is …:`."""


def find(name: str) -> type[Any]:
    """The class called `package.module:Class`. Raises NoSuchJudge if there is none, or if it is no judge."""
    module_name, _, class_name = name.partition(":")
    try:
        module = modules.find(module_name)
    except modules.NoSuchModule as error:
        raise NoSuchJudge(str(error)) from error
    judges = [key for key, value in vars(module).items() if isclass(value) and _judges(value)]
    found = getattr(module, class_name, None)
    if not isclass(found):
        raise NoSuchJudge(f"{module_name} has no such class; its judges are: {', '.join(judges) or 'none'}")
    if not _judges(found):
        raise NoSuchJudge(f"{class_name} has no method `async def judge(self, requests)`")
    return found


def make(name: str, options: Mapping[str, Any]) -> Backend:
    """The judge itself. Raises NoSuchJudge, and what its constructor raises."""
    judge: Backend = find(name)(**options)
    source = getattr(judge, "source", None)
    if not isinstance(source, str) or "@" not in source:
        raise NoSuchJudge(f"`source` of {name} is {source!r}: it must name judge and version, as name@version")
    return judge


def _judges(kind: type[Any]) -> bool:
    return iscoroutinefunction(getattr(kind, "judge", None))
