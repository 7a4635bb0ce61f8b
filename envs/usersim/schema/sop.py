"""`sop/v1`: what a call is about, with the truth table that decides who was honest. Section 4.2 of the specification.

Invariants
- Ids are unique, and every fact, ask and issue that is referred to exists.
- `truth` and `evidence` of a fact are never shown to either side; a fact with visibility `agent_only` never to the user.
- A trap is allowed only with a payload that some ask of this SOP has.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from envs.usersim.schema.enums import Act, Domain, EndReason, Payload, Tier, TrapId
from envs.usersim.schema.predicate import Predicate, fact_ids
from envs.usersim.schema.record import Flag, Name, Real, Record, Scale5, Text, Unit, Whole
from envs.usersim.schema.static_profile import Locale

Fid = Annotated[str, Field(pattern=r"^[A-Za-z][\w.-]*$")]


class Agent(Record):
    role: Text
    organisation: Name
    objective: Text
    incentives: tuple[Text, ...] = ()
    """What the agent gains."""
    knowledge_of_user: tuple[Text, ...] = ()
    tone_policy: str = ""


class Step(Record):
    """A step of the call. `text` is the line an honest agent says."""

    sid: Name
    intent: Act
    text: Text
    required_slots: tuple[Name, ...] = ()
    exits: tuple[Name, ...] = ()
    fact_ids: tuple[Fid, ...] = ()
    ask_ids: tuple[Name, ...] = ()


class Process(Record):
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    opening: Text
    closing: Text
    max_turns: Annotated[Whole, Field(ge=2, le=24)] = 12


class Answer(Record):
    q: Text
    a: Text
    fact_ids: tuple[Fid, ...] = ()


class Knowledge(Record):
    faq: tuple[Answer, ...] = ()


class Fact(Record):
    fid: Fid
    text: Text
    truth: Literal["true", "false", "unknown"]
    visibility: Literal["public", "agent_only", "user_only"]
    evidence: Literal["document", "system_record", "none"]
    negotiable: Flag = False


class Issue(Record):
    """Something that is bargained over; the worth of a value to the user is linear between reserve and ideal."""

    name: Name
    type: Literal["money", "percent", "duration", "number", "flag"]
    unit: str = ""
    agent_min: Real
    agent_max: Real
    user_ideal: Real
    user_reserve: Real
    weight: Annotated[Real, Field(gt=0, le=1)]

    @model_validator(mode="after")
    def _directed(self) -> Self:
        if self.user_ideal == self.user_reserve:
            raise ValueError(f"{self.name}: user_ideal and user_reserve are the same, so no value is better than another")
        return self


class Fee(Record):
    name: Name
    amount: Real
    disclosed_when: str


class Bargain(Record):
    """`offer` of an SOP. `zopa`: whether the agent's range holds values that the user would take."""

    issues: tuple[Issue, ...] = ()
    fees: tuple[Fee, ...] = ()
    cancellation: str = ""
    true_deadline: str | None = None
    zopa: Flag | None = None
    no_negotiation: Flag = False


class Ask(Record):
    ask_id: Name
    payload: Payload
    text: str = ""
    slot: str | None = None
    """The slot that a PII ask is after."""
    reversible: Flag = False
    legitimate_if: Predicate


class ConcernSeed(Record):
    tier: Tier
    text: Text
    importance: Scale5
    about: Name = "situation"
    resolution_test: Text
    resolved_by: tuple[Fid, ...] = ()
    trigger: str = ""


class Batna(Record):
    text: Text
    utility: Unit


class UserStakes(Record):
    concerns: Annotated[tuple[ConcernSeed, ...], Field(min_length=1)]
    batna: Batna
    interests: tuple[Text, ...] = ()
    time_pressure_true: Flag = False


class SensitiveSlot(Record):
    slot: Name
    level: Annotated[Whole, Field(ge=0, le=3)]
    allowed_after: str = "never"
    """The fact that has to be evidenced first, or `never`."""


class Constraints(Record):
    regulations: tuple[Text, ...] = ()
    forbidden_promises: tuple[Text, ...] = ()
    sensitive_slots: tuple[SensitiveSlot, ...] = ()


class End(Record):
    predicate: EndReason
    text: Text


class Ends(Record):
    success: tuple[End, ...] = ()
    failure: tuple[End, ...] = ()
    deferral: tuple[End, ...] = ()


class AllowedTrap(Record):
    trap: TrapId
    payloads: Annotated[tuple[Payload, ...], Field(min_length=1)]


class SopProvenance(Record):
    source: Text
    licence: Text
    generator: str = ""
    checks: tuple[str, ...] = ()


class Sop(Record):
    """See the module."""

    schema_: Literal["sop/v1"] = Field("sop/v1", alias="schema")
    sop_id: Name
    family: Name
    """What it is a variant of; splits never share a family."""
    domain: Domain
    subscenario: Name
    locale: Locale
    initiator: Literal["agent", "user"]
    channel: Literal["voice", "text"]
    agent: Agent
    process: Process
    knowledge: Knowledge = Knowledge()
    facts: Annotated[tuple[Fact, ...], Field(min_length=1)]
    offer: Bargain
    asks: tuple[Ask, ...]
    user_stakes: UserStakes
    constraints: Constraints = Constraints()
    ends: Ends
    traps_allowed: tuple[AllowedTrap, ...] = ()
    provenance: SopProvenance

    @model_validator(mode="after")
    def _references(self) -> Self:
        facts = _unique("fact", (fact.fid for fact in self.facts))
        asks = _unique("ask", (ask.ask_id for ask in self.asks))
        _unique("step", (step.sid for step in self.process.steps))
        _unique("issue", (issue.name for issue in self.offer.issues))
        used = {fid for step in self.process.steps for fid in step.fact_ids}
        used |= {fid for answer in self.knowledge.faq for fid in answer.fact_ids}
        used |= {fid for ask in self.asks for fid in fact_ids(ask.legitimate_if)}
        used |= {fid for seed in self.user_stakes.concerns for fid in seed.resolved_by}
        used |= {slot.allowed_after for slot in self.constraints.sensitive_slots if slot.allowed_after != "never"}
        _known("fact", used, facts)
        _known("ask", {ask for step in self.process.steps for ask in step.ask_ids}, asks)
        _known("payload", {p for trap in self.traps_allowed for p in trap.payloads}, {ask.payload for ask in self.asks})
        return self


def _unique(what: str, ids: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    for key in ids:
        if key in seen:
            raise ValueError(f"the {what} {key} is there twice")
        seen.add(key)
    return seen


def _known(what: str, used: set[str], known: Iterable[str]) -> None:
    missing = sorted(used - set(known))
    if missing:
        raise ValueError(f"there is no {what} {missing[0]!r}")
