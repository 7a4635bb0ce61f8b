"""The names of scalars: those that docs/metrics.md explains, and those that the source writes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import envs
from cluster.config.sections import GuardName
from cluster.record.monitor import GROUPS
from envs import registry
from rewards.combine import FORMAT_REWARD

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "metrics.md"
NAME = re.compile(rf"^(iteration|wall_s|({'|'.join(GROUPS)})/[\w/{{}}-]+)$")


def tables(header: str) -> dict[str, list[str]]:
    """The rows of all tables of the page whose first column is `header`: first cell -> further cells."""
    rows: dict[str, list[str]] = {}
    here = False
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            here = False
        elif cells[0] == header:
            here = True
        elif here and not cells[0].startswith("---"):
            first = cells[0].strip("`")
            assert first not in rows, f"{first} is documented twice"
            rows[first] = cells[1:]
    return rows


def undocumented(names: Iterable[str]) -> list[str]:
    """The names that no row of the page covers."""
    known = [re.compile(_as_pattern(name)) for name in tables("name")]
    return sorted(name for name in names if not any(pattern.fullmatch(name) for pattern in known))


def _as_pattern(documented: str) -> str:
    paid = {FORMAT_REWARD, *(name for gym in envs.gyms() for name in registry.entry(gym).gym.rewards)}
    meant = {
        "name": "|".join(paid),
        "guard": "|".join(get_args(GuardName)),
        "gym": r"\w+",
        "status": r"[a-z_]+",
        "phase": r"[\w-]+",
        "model": r"\w+",
    }
    return re.sub(r"<(\w+)>", lambda match: f"({meant[match[1]]})", documented)


def written() -> tuple[set[str], list[str], set[str]]:
    """(names, templates with {} for what is filled in, all short texts) of the room cluster.

    A name counts as written where it is the key of a mapping or the target of an item assignment; `cluster.record.metrics` is
    left out, for its functions are run. So are templates of groups whose members come from elsewhere.
    """
    names: set[str] = set()
    templates: list[str] = []
    texts: set[str] = set()
    for path in sorted((ROOT / "cluster").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
            if path.name != "metrics.py":
                for key in filter(None, map(_text, _keys(node))):
                    if NAME.match(key):
                        templates.append(key) if "{}" in key else names.add(key)
    return names, [key for key in templates if not key.startswith(("reward/", "learner/", "rollout/"))], texts


def _keys(node: ast.AST) -> list[ast.expr | None]:
    if isinstance(node, ast.Dict):
        return node.keys
    if isinstance(node, ast.DictComp):
        return [node.key]
    return [node.slice] if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) else []


def _text(key: ast.expr | None) -> str | None:
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return key.value
    if isinstance(key, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in key.values)
    return None


def filled(template: str, name: str, texts: set[str]) -> bool:
    """Whether a documented name can come from a template: what fills it is a placeholder or a text of the source."""
    match = re.fullmatch(re.escape(template).replace(r"\{\}", "([^/]+)"), name)
    return bool(match) and all(part.startswith("<") or part in texts for part in match.groups())
