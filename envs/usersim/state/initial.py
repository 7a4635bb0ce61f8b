"""How a user's dynamic profile begins. Section 5.2 of the specification: texts are given, code sets the numbers.

Reading of what the specification leaves open
- Rounding is half up; the jitter is -1, 0 or 1, drawn by the seed for each state value in turn, in every language alike.
- `prior_valence` is the mean valence of what is remembered of the other side (not of the `situation`), rounded to zero.
- `interruption` is -1 if the scene at pick-up is one that interrupts, and such a scene interrupts once more, at a drawn turn.
- `relevance` is 1 for someone who knows the domain (3 or more of 5), else 0.
- `u_batna` is the SOP's; `u_reserve` is a tenth above it: no one takes an offer for less than staying as things are.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import floor

from envs.usersim.schema.dynamic_profile import (
    Clock,
    Concern,
    DecisionPolicy,
    DynamicProfile,
    MemoryItem,
    State,
    Utilities,
)
from envs.usersim.schema.enums import TIER_LETTER, Architecture
from envs.usersim.schema.sop import ConcernSeed, Sop
from envs.usersim.schema.static_profile import LifeScenario, StaticProfile

MARGIN = 0.1
"""How much more than staying as things are an offer has to be worth."""
KNOWS = 3
FIRST_INTERRUPTION = 3


def initial(
    persona: StaticProfile,
    sop: Sop,
    memory: Sequence[MemoryItem],
    seed: int,
    *,
    concerns: Sequence[ConcernSeed] | None = None,
    architecture: Architecture = "separated",
) -> DynamicProfile:
    """The profile before the first turn; `concerns` are the SOP's unless others are given."""
    call = sop.sop_id.removesuffix(f".{sop.locale}")
    rng = random.Random(f"usersim initial {persona.persona_id} {call} {seed}")
    scene = rng.choice(persona.life_scenarios)
    targets = targeted(sop.user_stakes.concerns if concerns is None else concerns)
    live = [concern for concern in targets if concern.status == "open"]
    batna = sop.user_stakes.batna.utility
    return DynamicProfile(
        persona_id=persona.persona_id,
        sop_id=sop.sop_id,
        architecture=architecture,
        scenario_memory=tuple(memory),
        target_list=targets,
        decision_policy=DecisionPolicy(core_issue=max(live, key=lambda concern: concern.importance).id if live else ""),
        state=initial_state(persona, sop, memory, scene, rng),
        utilities=Utilities(
            u_reserve=min(batna + MARGIN, 1.0),
            u_batna=batna,
            beta=persona.negotiation.beta,
            weights={issue.name: issue.weight for issue in sop.offer.issues},
        ),
        clock=Clock(interrupt_at=_interruptions(scene, sop.process.max_turns, rng)),
    )


def initial_state(
    persona: StaticProfile, sop: Sop, memory: Sequence[MemoryItem], scene: LifeScenario, rng: random.Random | None
) -> State:
    """The four numbers; without a generator they have no jitter."""
    prior = [item.valence for item in memory if item.about != "situation"]
    valence = int(sum(prior) / len(prior)) if prior else 0
    relevance = int(persona.background.domain_knowledge.get(sop.domain, 0) >= KNOWS)
    exact = {
        "trust": 5 - 3 * persona.negotiation.suspicion + valence,
        "emotion": 5 + scene.mood_effect,
        "patience": 2 * persona.expression.patience_trait - 1 - scene.interrupts,
        "participation": 3 + 4 * persona.personality.big5.E + relevance,
    }
    jitter = {name: rng.randint(-1, 1) if rng else 0 for name in exact}
    return State(**{name: _clamped(value, jitter[name]) for name, value in exact.items()})


def targeted(seeds: Sequence[ConcernSeed]) -> tuple[Concern, ...]:
    """The concerns of a target list, numbered within their tiers."""
    counts = dict.fromkeys(TIER_LETTER.values(), 0)
    made = []
    for seed in seeds:
        letter = TIER_LETTER[seed.tier]
        counts[letter] += 1
        fields = seed.model_dump(exclude={"about"})
        status = "latent" if seed.tier == "latent" else "open"
        made.append(Concern(id=f"{letter}{counts[letter]}", status=status, **fields))
    return tuple(made)


def _clamped(value: float, jitter: int) -> int:
    return min(max(floor(value + 0.5) + jitter, 0), 10)


def _interruptions(scene: LifeScenario, horizon: int, rng: random.Random) -> tuple[int, ...]:
    if not scene.interrupts or horizon <= FIRST_INTERRUPTION:
        return ()
    return (rng.randint(FIRST_INTERRUPTION, horizon),)
