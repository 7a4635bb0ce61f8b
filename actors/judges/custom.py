"""A judge of the user's: `"package.module:Class"`, a class with `source` and `async judge(requests)` (see `base`).

It is found as `python -m` finds modules: installed, or below the folder that the run was started from. It must not block
the event loop: while it computes, it answers no ping, and an actor that is silent for long is ended.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from inspect import isclass, iscoroutinefunction
from pathlib import Path
from typing import Any

from actors.judges.base import Backend


class NoSuchJudge(ValueError):
    """What was named is no judge; the message is the reason, fit to follow `judges.default.backend is …:`."""


def find(name: str) -> type[Any]:
    """The class called `package.module:Class`. Raises NoSuchJudge if there is none, or if it is no judge."""
    module_name, _, class_name = name.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:  # as under `python -m`; an installed command has its own folder there instead
        sys.path.insert(0, here)
    try:
        module = import_module(module_name)
    except Exception as error:  # the user's module may raise anything while it is imported
        raise NoSuchJudge(f"importing {module_name} failed: {type(error).__name__}: {error}") from error
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
