"""Which persona, SOP family and trap template is in which split, by hash, and what the generated data has to hash to.

Invariants
- No two splits share a persona, a family, a template or a text of a trap or twin: `overlaps()` is empty.
- `manifest.json` has the hash of everything that is generated: `python -m envs.usersim.data.splits` prints what it should hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from itertools import combinations

from envs.usersim.data.goals import FAMILY, goals
from envs.usersim.data.personas import personas, text_of
from envs.usersim.data.sops import SPLITS, Split, hooks, sops
from envs.usersim.schema.record import Record
from envs.usersim.traps.bank import bank
from envs.usersim.traps.templates import every

KINDS = ("persona", "family", "template", "text")


@cache
def keys(split: Split) -> dict[str, frozenset[str]]:
    """The hashes of what a split uses, by kind."""
    items = [item for item in bank(split) if item.kind != "ordinary"]
    mine = [template for template in every() if template.split == split]
    return {
        "persona": _hashes(text_of(person) for person in personas(split)),
        "family": _hashes(
            [
                *(sop.family for sop in sops(None, None) if hooks(sop.sop_id).split == split),
                *([FAMILY] if split == "test" else []),
            ]
        ),
        "template": _hashes(line for template in mine for line in (*template.trap, *template.twin)),
        "text": _hashes(step.text for item in items for step in item.ladder),
    }


def overlaps() -> tuple[tuple[str, Split, Split, int], ...]:
    """What splits share: kind, both splits, and how many."""
    shared = [
        (kind, one, other, len(keys(one)[kind] & keys(other)[kind])) for kind in KINDS for one, other in combinations(SPLITS, 2)
    ]
    return tuple(entry for entry in shared if entry[3])


def manifest() -> dict[str, str]:
    """The hash of every generated set."""
    made = {f"personas/{split}": digest(personas(split)) for split in SPLITS}
    made |= {f"bank/{split}": digest(bank(split)) for split in SPLITS}
    return made | {"bank/test/zh-CN": digest(bank("test", "zh-CN")), "goals/test": digest(goals())}


def digest(records: Iterable[Record]) -> str:
    """SHA-256 of records as canonical JSON."""
    lines = (json.dumps(record.dump(), sort_keys=True, ensure_ascii=False) for record in records)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _hashes(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(hashlib.sha256(text.casefold().strip().encode()).hexdigest() for text in texts)


if __name__ == "__main__":
    print(json.dumps(manifest(), indent=0))
