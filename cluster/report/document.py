"""Templates to one HTML file that needs nothing else and trusts nothing that is in it.

Invariants
- The page asks for nothing: styles, scripts and data are in it, and its Content-Security-Policy forbids everything but
  the one style and the one script whose SHA-256 it names; it also forbids the script to parse text as HTML.
- Every string that a template or the script shows goes through `safe_text.safe`; a template's then through the escaping of
  HTML.
- Data for the script is JSON in ASCII without `<`, so that no text can end its element.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cluster.record.statistics import Estimate
from cluster.terminal.json_text import dumps
from cluster.terminal.safe_text import safe

FOLDER = Path(__file__).parent / "templates"
STYLE, SCRIPTS = "style.css", ("chart.js", "sort.js")
POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src '{style}'",
        "script-src '{script}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)


def render(template: str, panels: list[dict[str, Any]], marks: list[dict[str, Any]], **data: Any) -> str:
    """The page. `panels` are `series.Panel`s as mappings, drawn where the template says `panel(place, title, unit)`;
    `marks` are iterations that every panel shows: {x, label}."""
    style, script = _source(STYLE), "".join(map(_source, SCRIPTS))
    return (
        _environment()
        .get_template(template)
        .render(
            style=Markup(style),
            script=Markup(script),
            policy=POLICY.format(style=_digest(style), script=_digest(script)),
            chart_data=embedded(_spelled({"panels": panels, "marks": marks})),
            **data,
        )
    )


def embedded(data: Any) -> Markup:
    """JSON that may stand in a script element."""
    return Markup(dumps(data).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def estimate(value: Estimate | None, signed: bool = False) -> str:
    """A mean with its interval."""
    if value is None:
        return "–"
    form = "{:+.3f}" if signed else "{:.3f}"
    mean, low, high = (form.format(value[key]) for key in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, finalize=_shown, trim_blocks=True
    )
    environment.filters["estimate"] = estimate
    return environment


def _shown(value: Any) -> Any:
    return safe(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _spelled(data: Any) -> Any:
    """The same data with every string as it may be shown."""
    if isinstance(data, dict):
        return {key: _spelled(value) for key, value in data.items()}
    return [_spelled(value) for value in data] if isinstance(data, list) else _shown(data)


@cache
def _source(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
