"""What all schemas of the reasoning user share. Lists are tuples in memory and lists in JSON.

Invariants
- Frozen; an unknown key is an error. `load(dump(x)) == x` for every record.
- Numbers and truth values are taken as they are, never read out of texts or of each other, and are finite.
- A versioned record holds `schema: "name/v1"`, in Python `schema_`, because pydantic has a method of that name. Data to `load`
  must say it; what is made in Python need not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

Whole = Annotated[int, Field(strict=True)]
Real = Annotated[float, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]
Unit = Annotated[Real, Field(ge=0, le=1)]
"""A share."""
Scale5 = Annotated[Whole, Field(ge=1, le=5)]
MOST_LETTERS = 1000
"""Of any text in a record."""
Text = Annotated[str, Field(min_length=1, max_length=MOST_LETTERS)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
"""An identifier or a short name."""
_new, _set = object.__new__, object.__setattr__


class Record(BaseModel):
    """See the module."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)

    def dump(self) -> dict[str, Any]:
        """JSON-serialisable data, with the field names of the specification."""
        return self.model_dump(mode="json", by_alias=True)

    def but(self, **changes: object) -> Self:
        """A copy with other values in some fields, which are not checked: for code that keeps to the types.

        It is what pydantic's `model_copy` does for a record without private or extra fields, in a quarter of the time."""
        copy = _new(type(self))
        _set(copy, "__dict__", {**self.__dict__, **changes})
        _set(copy, "__pydantic_fields_set__", self.__pydantic_fields_set__)
        _set(copy, "__pydantic_extra__", None)
        _set(copy, "__pydantic_private__", None)
        return copy

    @classmethod
    def load(cls, data: object) -> Self:
        """The record of `dump`'s data. Raises ValueError, which is pydantic.ValidationError but for a wrong version."""
        versioned = cls.model_fields.get("schema_")
        if versioned is not None and isinstance(data, Mapping) and data.get("schema") != versioned.default:
            given = f"is {data['schema']!r}" if "schema" in data else "is missing"
            raise ValueError(f"schema {given}, but what is read here is {versioned.default!r}")
        return cls.model_validate(data)
