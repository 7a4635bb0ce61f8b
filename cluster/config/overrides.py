"""Dotted overrides such as `learner.lr=1e-4` and `policies.user.mix.0.weight=2`, set into nested data.

No schema here: what a key means is checked afterwards. An override into a section the file leaves out starts from that
section's defaults, so `rewards.weights.env=2` keeps the other weights.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from cluster.config import yaml_text
from cluster.errors import UserError


def apply(raw: dict[str, Any], defaults: dict[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """A copy of `raw` with every `a.b=c` of `overrides` set, in order; values are read as YAML."""
    result = copy.deepcopy(raw)
    for override in overrides:
        dotted, equals, text = override.partition("=")
        if not equals or not all(dotted.split(".")):
            raise UserError(f"the override {override!r} is not of the form section.key=value.")
        _set(result, defaults, dotted, yaml_text.parse(text, f"the value of {dotted}"))
    return result


def _set(root: dict[str, Any], defaults: Any, dotted: str, value: Any) -> None:
    *parents, last = dotted.split(".")
    node: Any = root
    for depth, name in enumerate(parents):
        path = ".".join(parents[: depth + 1])
        defaults = defaults.get(name) if isinstance(defaults, dict) else None
        key = _key(node, name, path)
        if isinstance(node, dict) and node.get(key) is None:
            node[key] = copy.deepcopy(defaults) if isinstance(defaults, dict) else {}
        node = node[key]
        if not isinstance(node, dict | list):
            raise UserError(f"{path} is {node!r}: it has no key {dotted[len(path) + 1 :]}.")
    node[_key(node, last, dotted)] = value


def _key(node: dict[str, Any] | list[Any], name: str, path: str) -> Any:
    if isinstance(node, dict):
        return name
    if not name.isdecimal() or int(name) >= len(node):
        raise UserError(f"{path} does not exist: the list has the places 0 to {len(node) - 1}.")
    return int(name)
