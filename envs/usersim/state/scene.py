"""What the transition needs of a persona and an SOP, read once per conversation."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from envs.usersim.schema.predicate import holds
from envs.usersim.schema.sop import Ask, Fact, Issue, SensitiveSlot, Sop
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.words import Names

FREE_LEVEL = 1
"""A slot that the SOP does not list may be told up to this level."""
SHORTEST = 4
"""Letters of a hard fact that is looked for in utterances."""


@dataclass(frozen=True, slots=True)
class Scene:
    """See the module."""

    tau: int
    """Every so many user turns patience wears off by one."""
    horizon: int
    """User turns of a whole conversation: T of the concession curve."""
    suspicion: float
    facts: dict[str, Fact]
    asks: dict[str, Ask]
    slots: dict[str, SensitiveSlot]
    issues: tuple[Issue, ...]
    true: frozenset[str]
    provable: frozenset[str]
    """True facts with a type of evidence."""
    known: frozenset[str]
    """Facts that the user knows without being told."""
    secrets: tuple[tuple[str, str, int], ...]
    """Slot, value and level of what the person could tell: its sensitive hard facts."""
    telling: tuple[tuple[str, str, int], ...]
    """Those that an utterance is searched for, folded: values of four letters or more."""
    names: Names
    """Of the person and of the agent's firm: no rule looks at them."""

    @classmethod
    def of(cls, persona: StaticProfile, sop: Sop) -> Scene:
        """The scene of a call."""
        secrets = tuple((fact.key, fact.value, fact.sensitivity) for fact in persona.hard_facts if fact.sensitivity)
        true = frozenset(fact.fid for fact in sop.facts if fact.truth == "true")
        return cls(
            tau=1 + ceil(persona.expression.patience_trait / 2),
            horizon=sop.process.max_turns,
            suspicion=persona.negotiation.suspicion,
            facts={fact.fid: fact for fact in sop.facts},
            asks={ask.ask_id: ask for ask in sop.asks},
            slots={slot.slot: slot for slot in sop.constraints.sensitive_slots},
            issues=sop.offer.issues,
            true=true,
            provable=frozenset(fact.fid for fact in sop.facts if fact.fid in true and fact.evidence != "none"),
            known=frozenset(fact.fid for fact in sop.facts if fact.visibility == "user_only"),
            secrets=secrets,
            names=Names.of(persona.background.name, sop.agent.organisation),
            telling=tuple((slot, value.casefold(), level) for slot, value, level in secrets if len(value) >= SHORTEST),
        )

    def legitimate(self, ask: Ask, stated: frozenset[str], evidenced: frozenset[str]) -> bool:
        """Whether an ask may be met, after what has been stated and proved. What is not provable cannot be evidenced."""
        return holds(ask.legitimate_if, self.true, stated, evidenced & self.provable)

    def plain(self, text: str) -> str:
        """The text without names: what words and lengths are read of."""
        return self.names.without(text)

    def level(self, slot: str, declared: int = 0) -> int:
        """How sensitive a slot is: what the SOP and the person say of it; a user may say more, never less."""
        rule = self.slots.get(slot)
        own = [level for name, _, level in self.secrets if name == slot]
        return max(declared, rule.level if rule else 0, *own)

    def excess(self, slot: str, level: int, evidenced: frozenset[str]) -> bool:
        """Whether telling a slot of this level is more than is allowed."""
        rule = self.slots.get(slot)
        if rule is None:
            return level > FREE_LEVEL
        return level > 0 and rule.allowed_after not in evidenced & self.provable
