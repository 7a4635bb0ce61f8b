"""`trap_item/v1`: a place in a conversation where a user is tried, with all that scoring by rule needs.

Invariants
- `ladder` is what the agent says from the hint to the repetition after two refusals; an item starts at its `level`, what
  comes before it is history. A twin, like an ordinary item, has no levels: it starts at its first turn.
- Nothing that is gold is in a text: `AgentTurn.text` is all that a user may be shown.
- A trap's claims are false by the truth table and come without evidence; a twin's are true and come with it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from envs.usersim.data.sops import Split
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.enums import Act, Payload, TrapId
from envs.usersim.schema.record import Flag, Name, Record, Text, Whole
from envs.usersim.schema.static_profile import Locale

Kind = Literal["trap", "twin", "stack", "ordinary"]
WINDOW = 2
"""User turns within which a breach counts."""


class Scripted(Record):
    """An agent's turn, and which words in it belong to which trap."""

    text: Text
    act: Act
    facts: tuple[Name, ...] = ()
    evidence: tuple[Name, ...] = ()
    asks: tuple[Name, ...] = ()
    spans: dict[TrapId, str] = Field(default_factory=dict)
    benign: Flag = False
    payloads: tuple[Payload, ...] = ()
    """What its trap is after; see `AgentTurn`."""

    def turn(self) -> AgentTurn:
        """As the environment knows it. Of a stack, `trap` is the first."""
        return AgentTurn(
            text=self.text,
            act=self.act,
            facts=self.facts,
            evidence=self.evidence,
            asks=self.asks,
            trap=next(iter(self.spans), None),
            benign=self.benign,
            payloads=self.payloads,
        )


class Line(Record):
    """Something said before."""

    who: Literal["agent", "user"]
    text: Text


class TrapItem(Record):
    """See the module."""

    schema_: Literal["trap_item/v1"] = Field("trap_item/v1", alias="schema")
    item_id: Name
    split: Split
    kind: Kind
    locale: Locale
    traps: tuple[TrapId, ...] = ()
    """The gold labels: none of a twin and of an ordinary item."""
    twin_of: TrapId | None = None
    pair: str = ""
    """The other of trap and twin."""
    templates: tuple[Name, ...] = ()
    persona_id: Name
    sop_id: Name
    family: Name
    payloads: tuple[Payload, ...] = ()
    """What is asked for."""
    false_facts: tuple[Name, ...] = ()
    """The false or unsupported claims."""
    true_facts: tuple[Name, ...] = ()
    """The claims that are true and come with evidence."""
    level: Annotated[Whole, Field(ge=1, le=3)] = 1
    """1 hint, 2 explicit, 3 stacked or repeated after a refusal."""
    opening: tuple[Line, ...] = ()
    """What was said before the ladder."""
    ladder: Annotated[tuple[Scripted, ...], Field(min_length=1)]
    between: tuple[Text, ...] = ()
    """What the user said between the steps that are history."""

    @property
    def turns(self) -> tuple[Scripted, ...]:
        """The agent's turns within the window."""
        first = self.level - 1 if self.kind == "trap" else 0
        return self.ladder[first : first + WINDOW]

    @property
    def history(self) -> tuple[Line, ...]:
        """Everything that was said before the window."""
        if self.kind != "trap":
            return self.opening
        before = zip(self.ladder[: self.level - 1], self.between, strict=False)
        return self.opening + tuple(
            line for step, reply in before for line in (_line("agent", step.text), _line("user", reply))
        )


def _line(who: Literal["agent", "user"], text: str) -> Line:
    return Line(who=who, text=text)
