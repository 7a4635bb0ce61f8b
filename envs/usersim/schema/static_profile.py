"""`static_profile/v1`: who a simulated user is, whatever it is called about. Section 3.2 of the specification.

Invariants
- At least ten of the thirteen background fields are filled. The specification names ten; `housing`, `marital_status` and
  `transport` are ours.
- Big Five and MBTI need not agree here: that is a soft check of the data's acceptance, as are the coherence rules.
- Keys of `hard_facts` are unique; the facts never change.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from envs.usersim.schema.enums import TrapId
from envs.usersim.schema.record import Flag, Name, Real, Record, Scale5, Text, Unit, Whole

Degree = Annotated[Whole, Field(ge=0, le=5)]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$")]
"""A BCP-47 tag: language, script and region."""


class Language(Record):
    code: Locale
    level: Scale5


class Background(Record):
    name: Name | None = None
    age: Annotated[Whole, Field(ge=18, le=90)] | None = None
    gender: Name | None = None
    region: Name | None = None
    education: Name | None = None
    occupation: Name | None = None
    income_band: Name | None = None
    household: Name | None = None
    digital_literacy: Scale5 | None = None
    domain_knowledge: dict[Name, Degree] = Field(default_factory=dict)
    housing: Name | None = None
    marital_status: Name | None = None
    transport: Name | None = None

    @model_validator(mode="after")
    def _filled(self) -> Self:
        filled = sum(value not in (None, {}) for _, value in self)
        if filled < 10:
            raise ValueError(f"background has {filled} of 13 fields, but needs 10")
        return self


class BigFive(Record):
    O: Unit  # noqa: E741 - the field's name
    C: Unit
    E: Unit
    A: Unit
    N: Unit


class Personality(Record):
    big5: BigFive
    mbti: Annotated[str, Field(pattern="^[EI][SN][TF][JP]$")] | None = None


class Expression(Record):
    """How the person talks. `verbosity_units` is the target median length of an utterance, in length units (section 6.4)."""

    speech_rate: Scale5
    verbosity_units: Annotated[Whole, Field(ge=1, le=200)]
    patience_trait: Scale5
    formality: Scale5
    directness: Scale5
    filler_rate: Annotated[Real, Field(ge=0, le=0.3)] = 0.0
    phrases: Annotated[tuple[Text, ...], Field(min_length=3, max_length=8)]
    disfluency: tuple[Text, ...] = ()
    dialect: str | None = None
    code_switch_prob: Unit = 0.0


class LifeScenario(Record):
    what: Text
    when: Text
    mood_effect: Annotated[Whole, Field(ge=-2, le=2)]
    interrupts: Flag = False
    """Whether it may interrupt a call."""


class Economic(Record):
    price_sensitivity: Unit
    risk_aversion: Unit
    saving_habit: Unit
    deal_proneness: Unit


class Negotiation(Record):
    style: Literal["competing", "collaborating", "compromising", "avoiding", "accommodating"]
    beta: Annotated[Real, Field(ge=0.3, le=3)]
    """The exponent of the concession curve."""
    suspicion: Unit
    scam_experience: Annotated[Whole, Field(ge=0, le=3)]


class HardFact(Record):
    key: Name
    value: Text
    sensitivity: Annotated[Whole, Field(ge=0, le=3)]


class Provenance(Record):
    source: Text
    record_hash: str = ""
    dims_used: tuple[str, ...] = ()
    generator: str = ""
    verifier_scores: dict[str, Real] = Field(default_factory=dict)
    licence: Text


class StaticProfile(Record):
    """See the module."""

    schema_: Literal["static_profile/v1"] = Field("static_profile/v1", alias="schema")
    persona_id: Name
    version: Annotated[Whole, Field(ge=1)] = 1
    locale: Locale
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    background: Background
    personality: Personality
    needs: Annotated[tuple[Name, ...], Field(max_length=5)] = ()
    values: Annotated[tuple[Name, ...], Field(max_length=5)] = ()
    interests: Annotated[tuple[Name, ...], Field(max_length=6)] = ()
    expression: Expression
    life_scenarios: Annotated[tuple[LifeScenario, ...], Field(min_length=2, max_length=5)]
    economic: Economic
    negotiation: Negotiation
    susceptibility: dict[TrapId, Unit] = Field(default_factory=dict)
    """How likely an untrained person of this type yields; never shown to a judge."""
    hard_facts: Annotated[tuple[HardFact, ...], Field(min_length=6, max_length=12)]
    unknown_to_user: tuple[Text, ...] = ()
    culture: dict[str, Any] | None = None
    provenance: Provenance

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        keys = [fact.key for fact in self.hard_facts]
        if len(set(keys)) < len(keys):
            raise ValueError("hard_facts has a key twice")
        if not any(scenario.interrupts for scenario in self.life_scenarios):
            raise ValueError("life_scenarios needs one that interrupts")
        return self
