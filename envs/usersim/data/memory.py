"""What a person remembers when the phone rings: the deterministic part of stage S4. Section 5.2 of the specification.

Items come from the persona and from what the SOP lets the user know; never from an agent's private facts, never from a trap.
"""

from __future__ import annotations

import random

from envs.usersim.schema.dynamic_profile import MemoryItem
from envs.usersim.schema.sop import Sop
from envs.usersim.schema.static_profile import StaticProfile

ENGLISH = {
    "situation": "The phone rings while {}.",
    "known": "They know this about me: {}.",
    "grudge": "I once had trouble with {}.",
}
CHINESE = {
    "situation": "电话响的时候我正忙着自己的事。",
    "known": "他们知道我的情况：{}。",
    "grudge": "以前我在电话里上过一次当。",
}
OWN = {"en": "I am somebody who {}.", "zh": "我办事喜欢慢慢来。"}


def memory(persona: StaticProfile, sop: Sop, seed: int = 0) -> tuple[MemoryItem, ...]:
    """Three items and, of somebody with a grudge, a fourth; the same for the same seed."""
    rng = random.Random(f"usersim memory {persona.persona_id} {sop.sop_id} {seed}")
    chinese = sop.locale.startswith("zh")
    words = CHINESE if chinese else ENGLISH
    facts = {fact.key: fact.value for fact in persona.hard_facts}
    scene = rng.choice(persona.life_scenarios)
    made = [("situation", words["situation"].format(scene.what), scene.mood_effect)]
    made += [("record", words["known"].format(known), 0) for known in sop.agent.knowledge_of_user[:1]]
    if "habit" in facts or chinese:
        made.append(("myself", OWN["zh" if chinese else "en"].format(facts.get("habit")), 0))
    if "grudge" in facts:
        made.append(("sellers", words["grudge"].format(facts["grudge"]), -1))
    return tuple(
        MemoryItem(mid=f"s{number}", text=text, about=about, valence=valence, source="generated")
        for number, (about, text, valence) in enumerate(made, start=1)
    )
