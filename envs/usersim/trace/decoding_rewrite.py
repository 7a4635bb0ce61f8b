"""The grammar of `rewrite`: only in a context, as what is new and what an id's tier is depends on the profile before.

It keeps every concern and every memory in its place, with any words, status, weight and value: one way of writing a turn. That
a concern may vanish is left to those who decode without it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import product

from envs.usersim.schema.delta import NewConcern
from envs.usersim.schema.enums import CONCERN_STATUSES, STATE_VARS, TIER_LETTER, TIERS
from envs.usersim.trace.context import Context
from envs.usersim.trace.decoding_parts import Parts
from envs.usersim.trace.ebnf import Alternative, Ref
from envs.usersim.trace.listed import listed_new

_TIERS = {letter: tier for tier, letter in TIER_LETTER.items()}


def rewrite_turns(p: Parts, context: Context) -> Iterable[Alternative]:
    """The alternatives of a turn, by how many concerns are new."""
    ids = tuple(context.statuses)
    status, value = p.rule("status", *CONCERN_STATUSES), p.rule("value", *map(str, range(11)))
    valence = p.rule("valence", *map(str, range(-2, 3)))

    def concern(cid: str, tier: str, state: str | Ref) -> tuple[str | Ref, ...]:
        named = f'{{"id":"{cid}","tier":"{tier}","text":"'
        return (named, p.filled, '","status":"', state, '","importance":', p.importance, "}")

    memory = joined(
        (f'{{"mid":{_string(item.mid)},"text":"', p.filled, f'","about":{_string(item.about)},"valence":', valence, "}")
        for item in context.profile.scenario_memory
    )
    kept = p.rule("kept", tuple(joined(concern(cid, _TIERS[cid[0]], status) for cid in ids)))
    values = joined((f'"{name}":', value) for name in STATE_VARS)
    core = p.rule("core", "", *ids)
    for tiers in (tiers for count in p.new_counts for tiers in product(TIERS, repeat=count)):
        known, added = list(ids), list[str | Ref]()
        for tier in tiers:
            new = listed_new(NewConcern(tier, "", 1), known)
            known.append(new.id)
            added += [",", *concern(new.id, tier, new.status)]
        yield (
            *p.thoughts(len(tiers)),
            *('{"scenario_memory":[', *memory, '],"target_list":[', kept, *added, '],"decision_policy":{"core_issue":"'),
            *(core, '","topic_plan":"', p.maybe, '"},"state":{', *values, "}"),
            *p.rest(),
        )


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def joined(items: Iterable[tuple[str | Ref, ...]]) -> list[str | Ref]:
    """The pieces of a list, with commas between its items."""
    pieces: list[str | Ref] = []
    for item in items:
        pieces += [",", *item] if pieces else item
    return pieces
