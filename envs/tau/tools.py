"""Tools on a database: what an agent may call, described by a typed JSON schema that is also what checks the arguments.

Invariants
- A tool reads and changes the database it is given and nothing else; it checks before it changes, so a call that fails changes
  nothing.
- `invoke` answers every call with text: JSON, or one sentence after "Error: ".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, Protocol, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

Database = dict[str, dict[str, Any]]
"""Tables of rows; JSON all through."""

ERROR = "Error: "
TRANSFER = "transfer_to_human_agents"
"""The tool that ends a dialogue."""


class ToolError(ValueError):
    """A call that makes no sense, in a sentence for the agent."""


class Tool(Protocol):
    """What the gym needs of a tool."""

    @property
    def name(self) -> str: ...

    def schema(self) -> dict[str, Any]:
        """The OpenAI function form without its wrapping: name, description, parameters."""
        ...

    def invoke(self, data: Database, arguments: Mapping[str, Any]) -> str: ...


@dataclass(frozen=True, slots=True)
class TypedTool:
    """A Python function on a database, with a model of its arguments."""

    name: str
    description: str
    arguments: type[BaseModel]
    run: Callable[..., Any]

    def schema(self) -> dict[str, Any]:
        """See `Tool`."""
        parameters = _without_titles(self.arguments.model_json_schema())
        return {"name": self.name, "description": self.description, "parameters": parameters}

    def invoke(self, data: Database, arguments: Mapping[str, Any]) -> str:
        """See the module."""
        try:
            checked = self.arguments.model_validate(dict(arguments))
            result = self.run(data, **{name: getattr(checked, name) for name in type(checked).model_fields})
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "arguments"
            return f"{ERROR}{where}: {first['msg']}."
        except ToolError as error:
            return f"{ERROR}{error}"
        return json.dumps(result, ensure_ascii=False)


def tool(description: str, **about: str) -> Callable[[Callable[..., Any]], TypedTool]:
    """Makes a function a tool; `about` describes its parameters, whose types are those of the function."""

    def made(function: Callable[..., Any]) -> TypedTool:
        hints = get_type_hints(function)
        names = [name for name in signature(function).parameters if name != "data"]
        fields: dict[str, Any] = {name: (hints[name], Field(description=about[name])) for name in names}
        model = create_model(function.__name__, __config__=ConfigDict(extra="forbid", strict=True), **fields)
        return TypedTool(function.__name__, description, model, function)

    return made


def row(data: Database, table: str, key: str, what: str) -> dict[str, Any]:
    """A row of a table. Raises ToolError."""
    if key not in data[table]:
        raise ToolError(f"There is no {what} {key}.")
    found: dict[str, Any] = data[table][key]
    return found


def digest(data: Database) -> str:
    """Two databases have the same digest if they hold the same."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _without_titles(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _without_titles(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    return [_without_titles(value) for value in schema] if isinstance(schema, list) else schema
