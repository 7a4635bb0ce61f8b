"""The worlds of TauGym by name: a database, its tools, the rules its agents go by, and what its customers want.

Invariant: `fresh()` is a database of its own each time, always the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from envs.registry import unknown
from envs.tau.airline import goals as airline_goals
from envs.tau.airline import tools as airline_tools
from envs.tau.airline import world as airline_world
from envs.tau.goal import Draw, Maker, Templates
from envs.tau.retail import goals as retail_goals
from envs.tau.retail import tools as retail_tools
from envs.tau.retail import world as retail_world
from envs.tau.tools import TRANSFER, Database, Tool, digest

OWN = ("retail", "airline")


@dataclass(frozen=True, slots=True)
class Domain:
    """What the gym needs of a world."""

    fresh: Callable[[], Database]
    tools: Mapping[str, Tool]
    policy: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """What tasks are made from."""

    templates: Templates
    makers: Mapping[str, Maker]
    identity: Callable[[Draw], dict[str, str]]


@lru_cache(maxsize=4)
def domain(name: str) -> Domain:
    """The world called `name`; those of tau-bench, when it is installed, are called `tau_bench_retail` and so on."""
    if name.startswith("tau_bench_"):
        from envs.tau.tau_bench import bench_domain  # only who asks for it needs the package

        return bench_domain(name.removeprefix("tau_bench_"))
    if name not in OWN:
        raise unknown("domain of TauGym", name, OWN)
    make, tools = (retail_world.make, retail_tools.TOOLS) if name == "retail" else (airline_world.make, airline_tools.TOOLS)
    text = json.dumps(make())
    policy = Path(__file__).with_name(name).joinpath("policy.md").read_text(encoding="utf-8")
    return Domain(lambda: json.loads(text), {each.name: each for each in tools}, policy.strip())


def wishes(name: str) -> Wishes:
    """What the customers of one of our own worlds want."""
    goals = retail_goals if name == "retail" else airline_goals
    return Wishes(goals.TEMPLATES, goals.MAKERS, goals.identity)


@lru_cache(maxsize=4096)
def target(name: str, actions: str) -> str:
    """The digest of a fresh database after the given calls, a JSON list of (name, arguments)."""
    world = domain(name)
    data = world.fresh()
    for called, arguments in json.loads(actions):
        if called in world.tools and called != TRANSFER:
            world.tools[called].invoke(data, arguments)
    return digest(data)


def as_json(actions: tuple[tuple[str, dict[str, Any]], ...]) -> str:
    """Calls as `target` takes them."""
    return json.dumps(actions, sort_keys=True)
