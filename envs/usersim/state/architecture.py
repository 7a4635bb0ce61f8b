"""What a user is shown of its profiles, and which part a turn updates: the paper's open question, as a switch.

| architecture | shown | updated by a turn |
|---|---|---|
| `separated` (the paper's) | the static and the dynamic profile, as two blocks | dynamic profile |
| `merged` | the same content as one block, with the dynamic profile's fields beside the static ones | dynamic profile |
| `static` | the static profile, and the concerns as they were at the start: no state, no ledgers | nothing that is shown |
| `dynamic` | the dynamic profile, and of the static one only `locale`, `languages` and `expression` | dynamic profile |

Invariants
- The ledgers, the statuses of concerns, the clock's turn and the end test go on in all four: they are the environment's record,
  and rewards need them.
- In `static` neither deltas nor the tick change anything, no concern is added, and a latent one stays so. What has become of
  the others is not shown: a turn is read against them as they are shown, and what the record does not allow changes nothing.
- Never shown: a persona's `susceptibility`, `provenance`, `version` and `culture.source`; what a concern is answered by and
  woken by (`resolved_by`, `trigger`); the environment's flags in the ledgers; interruptions before their turn.
"""

from __future__ import annotations

from typing import Any

from envs.usersim.schema.dynamic_profile import Concern, DynamicProfile
from envs.usersim.schema.enums import Architecture
from envs.usersim.schema.static_profile import StaticProfile

SPEAKING = {"locale", "languages", "expression"}
_UNSHOWN = {"schema_", "version", "susceptibility", "provenance"}
_CONCERN = {"id", "tier", "text", "status", "importance", "resolution_test"}
_ENTRIES: dict[str, set[str]] = {
    "claims": {"cid", "text", "status", "turn"},
    "disclosures": {"slot", "level", "turn"},
    "commitments": {"payload", "terms", "reversible", "turn"},
    "traps": {"id", "turn", "quote", "response_move"},
}


def updates(architecture: Architecture) -> bool:
    """Whether a user's turn changes what it feels and wants."""
    return architecture != "static"


def seen(profile: DynamicProfile) -> tuple[Concern, ...]:
    """The concerns as the user is shown them: in `static` as they began, open if they are not latent."""
    if updates(profile.architecture):
        return profile.target_list
    return tuple(one if one.status in ("latent", "open") else one.but(status="open") for one in profile.target_list)


def shown(persona: StaticProfile, profile: DynamicProfile) -> dict[str, dict[str, Any]]:
    """The blocks that the user reads, by title, as JSON-serialisable data."""
    static, dynamic = _static(persona), _dynamic(profile)
    if profile.architecture == "merged":
        return {"profile": {**static, **dynamic}}
    if profile.architecture == "static":
        return {"static_profile": static, "concerns": {"target_list": dynamic["target_list"]}}
    if profile.architecture == "dynamic":
        static = {key: value for key, value in static.items() if key in SPEAKING}
    return {"static_profile": static, "dynamic_profile": dynamic}


def _static(persona: StaticProfile) -> dict[str, Any]:
    data = persona.model_dump(mode="json", exclude=_UNSHOWN)
    if data["culture"]:
        data["culture"].pop("source", None)
    return data


def _dynamic(profile: DynamicProfile) -> dict[str, Any]:
    kept = profile.but(target_list=seen(profile)).model_dump(
        mode="json", include={"turn", "scenario_memory", "decision_policy", "state", "utilities", "target_list"}
    )
    kept["target_list"] = [{key: concern[key] for key in _ordered(concern, _CONCERN)} for concern in kept["target_list"]]
    ledgers = profile.ledgers.model_dump(mode="json", include=set(_ENTRIES))
    for name, keys in _ENTRIES.items():
        ledgers[name] = [{key: entry[key] for key in _ordered(entry, keys)} for entry in ledgers[name]]
    return {**kept, "ledgers": ledgers, "interrupted": profile.turn + 1 in profile.clock.interrupt_at}


def _ordered(entry: dict[str, Any], keys: set[str]) -> list[str]:
    return [key for key in entry if key in keys]
