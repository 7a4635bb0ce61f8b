"""An agent's turn as the environment knows it: its words, and what they are by the truth table.

Scripted agents say themselves what they do; of any other speaker `envs.usersim.state.reading` finds it by rule.
Only `text` is ever shown to the user.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from envs.usersim.schema.enums import Act, Payload, TrapId


@dataclass(frozen=True, slots=True)
class AgentTurn:
    text: str
    act: Act = "other"
    facts: tuple[str, ...] = ()
    """Ids of the SOP's facts that it states."""
    evidence: tuple[str, ...] = ()
    """Those for which it supplies the evidence that the SOP names."""
    asks: tuple[str, ...] = ()
    """Ids of the SOP's asks that it makes."""
    offer: dict[str, float] = field(default_factory=dict)
    """Values of the SOP's issues that it offers."""
    trap: TrapId | None = None
    """The gold label."""
    benign: bool = False
    """Whether it is the benign twin of a trap: the same skeleton, true and with evidence."""
    payloads: tuple[Payload, ...] = ()
    """What its trap is after, whether it asks for that already or only hints at it."""
    closes: bool = False
    """Whether the agent ends the conversation with it."""
