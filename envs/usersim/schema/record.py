"""What all schemas of the reasoning user share. Lists are tuples in memory and lists in JSON.

Invariants
- Frozen; an unknown key is an error. `load(dump(x)) == x` for every record.
- A versioned record holds `schema: "name/v1"`, in Python `schema_`, because pydantic has a method of that name.
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

Unit = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""A share."""
Scale5 = Annotated[int, Field(ge=1, le=5)]
Text = Annotated[str, Field(min_length=1, max_length=1000)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
"""An identifier or a short name."""


class Record(BaseModel):
    """See the module."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    def dump(self) -> dict[str, Any]:
        """JSON-serialisable data, with the field names of the specification."""
        return self.model_dump(mode="json", by_alias=True)

    @classmethod
    def load(cls, data: object) -> Self:
        """The record of `dump`'s data. Raises pydantic.ValidationError."""
        return cls.model_validate(data)
