"""`parley data import alignx`: AlignX-shaped records become personas of the reasoning user, one `static_profile/v1` a line.

Invariant: every record becomes a persona or is named with its file, line and reason; the two add up.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cluster.errors import UserError
from cluster.terminal.safe_text import safe_line
from envs.usersim.data.alignx import personas
from envs.usersim.schema.static_profile import StaticProfile

ALIGNX = Path("alignx")
"""The word that stands where another import has its first file."""
NO_JSON = object()
"""What a line that cannot be read is."""
LISTED = 20
"""Bad records that are printed."""


@dataclass(slots=True)
class Imported:
    """What came of all records."""

    people: tuple[StaticProfile, ...] = ()
    bad: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, Any]:
        """For people and programs; `read` is `personas` and `bad` together."""
        return {"read": len(self.people) + len(self.bad), "personas": len(self.people), "bad": len(self.bad)}

    def complaints(self) -> list[str]:
        """The first bad records, and how many more there are."""
        more = len(self.bad) - LISTED
        return [*self.bad[:LISTED], *([f"… and {more} more"] if more > 0 else [])]


def load(files: Sequence[Path]) -> Imported:
    """Read .json (a list) and .jsonl files, in order. Raises UserError for what is no such file."""
    if not files:
        raise UserError("alignx needs a file: parley data import alignx FILE --out personas.jsonl.")
    placed = [entry for file in files for entry in _records(file)]
    broken = [f"{place}: it is no JSON" for place, record in placed if record is NO_JSON]
    readable = [(place, record) for place, record in placed if record is not NO_JSON]
    people, rejected = personas(record for _, record in readable)
    places = {f"record {at}": place for at, (place, _) in enumerate(readable)}
    return Imported(people, [safe_line(line) for line in (*broken, *(f"{places[one.id]}: {one.reason}" for one in rejected))])


def save(imported: Imported, out: Path, *, drop_bad: bool) -> None:
    """Write the personas. Raises UserError, and writes nothing, if a record is bad and may not be dropped, or none is left."""
    if imported.bad and not drop_bad:
        share = f"{len(imported.bad)} of {imported.counts()['read']}"
        raise UserError(f"{share} records are bad, nothing was written: mend them, or add --drop-bad.")
    if not imported.people:
        raise UserError("there is no persona to write.")
    lines = [json.dumps(person.dump(), ensure_ascii=False) for person in imported.people]
    try:
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"--out {out} cannot be written: {error.strerror}.") from None


def _records(file: Path) -> list[tuple[str, object]]:
    """Each record with its place. A line that is no JSON is a record that is bad."""
    if file.suffix not in (".json", ".jsonl"):
        raise UserError(f"{file} must end in .json (a list of records) or .jsonl (one a line).")
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} cannot be read: {error}.") from None
    if file.suffix == ".jsonl":
        return [(f"{file} line {at}", _json(line)) for at, line in enumerate(text.splitlines(), start=1) if line.strip()]
    listed = _json(text)
    if not isinstance(listed, list):
        raise UserError(f"{file} must hold a list of records.")
    return [(f"{file} record {at}", record) for at, record in enumerate(listed, start=1)]


def _json(text: str) -> object:
    """The value of a JSON text; `NO_JSON` for what is none."""
    try:
        return json.loads(text)
    except ValueError:
        return NO_JSON
