"""YAML as this project reads and writes it: safe, UTF-8, a mapping at the top, no key twice.

Plain YAML keeps the last of two equal keys in silence and reads `1e-3` as a word; here the first is refused and the
second is a number.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from cluster.errors import UserError, suggestion

EXPONENT = re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$")


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key.value} is given twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", EXPONENT, list("-+0123456789"))


def parse(text: str, what: str) -> Any:
    """The data in `text`; `what` names it in the UserError if it is not YAML."""
    try:
        return yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        reason = str(getattr(error, "problem", None) or error).splitlines()[0]
        raise UserError(f"{what} is not YAML{where}: {reason}.") from None


def read(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; an empty file is an empty mapping."""
    if not path.is_file():
        raise UserError(f"there is no configuration file {path}: {_neighbours(path)}")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not YAML: it is not UTF-8 text ({error.reason} at byte {error.start}).") from None
    raw = parse(text, str(path))
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise UserError(f"{path} holds a {type(raw).__name__}: a configuration is a mapping of sections such as `run:`.")
    return raw


def dump(data: Any) -> str:
    """YAML text with keys in their own order."""
    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))


def _neighbours(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder {folder}."
    names = [p.name for p in folder.iterdir() if p.suffix in (".yaml", ".yml") and p.is_file()]
    return f"in {folder.absolute()}, {suggestion(path.name, names)}" if names else f"{folder.absolute()} holds no YAML file."
