"""The annotation kit: generated dynamic profiles, each with its persona, a digest of its SOP, and the questions. JSONL.

Invariants
- The domains take turns, so that a small kit has all of them; equal seeds give equal kits.
- Shown is what a profile may be judged by: of the profile what its user is shown of it; no truth table, no trap, no
  susceptibility to one. What only the agent knows is shown as such, because a profile that knows it is wrong.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, islice, zip_longest
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cluster.agreement.labels import Word
from envs.usersim.data.memory import memory
from envs.usersim.data.pairs import pairs
from envs.usersim.data.personas import personas
from envs.usersim.data.sops import SPLITS, Split, domain, sops
from envs.usersim.schema.sop import Sop
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.state.architecture import shown
from envs.usersim.state.initial import initial

QUESTIONS = {
    "memory_persona": "Does everything that is remembered fit this person?",
    "memory_sop": "Does everything that is remembered fit this call?",
    "concerns_sop": "Are the concerns what a person called about this would care about?",
    "concerns_persona": "Could this person have these concerns?",
    "state": "Do trust, emotion, patience and participation (0 to 10) fit the person and what is going on?",
    "secrets": "Does the profile know nothing that only the agent knows?",
}
"""Yes is always the good answer."""
HIDDEN = frozenset({"schema", "provenance", "susceptibility", "version"})
"""Of a persona."""


class KitItem(BaseModel):
    """One profile to label."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    schema_: Literal["profile_kit/v1"] = Field("profile_kit/v1", alias="schema")
    item: Word
    domain: Word
    persona: dict[str, Any]
    sop: dict[str, Any]
    profile: dict[str, Any]
    questions: dict[Word, Word]


def kit(count: int, *, split: Split | None = None, seed: int = 0) -> list[KitItem]:
    """At most `count` items, of one split or of all."""
    return list(islice(chain.from_iterable(_rounds(split, seed)), count))


def _rounds(split: Split | None, seed: int) -> Iterator[list[KitItem]]:
    """An item of each domain that has one left, again and again."""
    rng = random.Random(f"profile kit {split} {seed}")
    calls: dict[str, list[tuple[StaticProfile, Sop]]] = defaultdict(list)
    for part in SPLITS if split is None else (split,):
        people, own = personas(part), sops(part)
        for at, of in pairs(people, own, rng)[0]:
            calls[domain(own[of])].append((people[at], own[of]))
    shuffled = [rng.sample(calls[name], len(calls[name])) for name in sorted(calls)]
    for taken in zip_longest(*shuffled):
        yield [_item(pair[0], pair[1], seed) for pair in taken if pair is not None]


def _item(persona: StaticProfile, sop: Sop, seed: int) -> KitItem:
    profile = shown(persona, initial(persona, sop, memory(persona, sop, seed), seed))["dynamic_profile"]
    return KitItem(
        schema="profile_kit/v1",
        item=f"{persona.persona_id}/{sop.sop_id}/{seed}",
        domain=domain(sop),
        persona={name: value for name, value in persona.dump().items() if name not in HIDDEN and value},
        sop=digest(sop),
        profile={name: profile[name] for name in ("scenario_memory", "target_list", "state", "utilities")},
        questions=QUESTIONS,
    )


def digest(sop: Sop) -> dict[str, Any]:
    """What a call is about, without who is right."""

    def facts(*visible: str) -> Sequence[str]:
        return [fact.text for fact in sop.facts if fact.visibility in visible]

    return {
        "domain": domain(sop),
        "subscenario": sop.subscenario,
        "who calls": sop.initiator,
        "agent": f"{sop.agent.role}, {sop.agent.organisation}",
        "objective": sop.agent.objective,
        "the agent knows of the user": list(sop.agent.knowledge_of_user),
        "opening": sop.process.opening,
        "said by the agent": facts("public"),
        "only the user knows": facts("user_only"),
        "only the agent knows": facts("agent_only"),
        "without an agreement": sop.user_stakes.batna.text,
    }
