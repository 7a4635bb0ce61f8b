"""What a turn is read against: the profile before it, the scene, what the agent said, and how this person talks.

Invariants
- `shown` is what the user may quote: the last two agent turns, sanitised as the user saw them, in NFC.
- Nothing here names a persona or a firm but the scene's secrets, so a turn that is renamed with its context is read alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.dynamic_profile import DynamicProfile
from envs.usersim.schema.enums import ConcernStatus
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.state.architecture import seen
from envs.usersim.state.concerns import Answers, answers
from envs.usersim.state.scene import Scene
from envs.usersim.trace.phrases import DEFAULT, PhraseBook
from envs.usersim.trace.sanitise import quotable

SHORTEST_THOUGHT = 4
"""Units of each child of a thought."""
LONGEST_ANSWER = 120
"""Units that anybody may say at once: most of a minute of talk."""
VERBOSITY_FACTOR = 5
"""An utterance may have so many times the units that this person aims at; there `L_ans` is below .03."""
QUOTABLE = 2
"""Agent turns that a trap may be quoted from."""

SILENCE = AgentTurn("")


@dataclass(frozen=True, slots=True)
class Context:
    """See the module. Raises ValueError for a conversation that has ended."""

    profile: DynamicProfile
    scene: Scene
    agents: tuple[AgentTurn, ...] = ()
    """The agent's turns so far, oldest first."""
    languages: tuple[str, ...] = ("en",)
    """BCP-47 tags of what the person speaks, the language of the conversation first."""
    code_switch: bool = False
    """Whether the other languages may be spoken, too."""
    longest_answer: int = LONGEST_ANSWER
    shortest_thought: int = SHORTEST_THOUGHT
    phrases: PhraseBook = DEFAULT
    test: Answers = answers
    """The transition's resolution test: whether an end is legal may depend on it."""
    shown: tuple[str, ...] = field(init=False)
    statuses: Mapping[str, ConcernStatus] = field(init=False)
    """Each concern's status before the turn, as the user is shown it."""

    def __post_init__(self) -> None:
        if self.profile.clock.ended is not None:
            raise ValueError(f"the conversation has ended: {self.profile.clock.ended}")
        shown = tuple(quotable(turn.text) for turn in self.agents[-QUOTABLE:])
        object.__setattr__(self, "shown", shown)
        object.__setattr__(self, "statuses", {concern.id: concern.status for concern in seen(self.profile)})

    @property
    def agent(self) -> AgentTurn:
        """The turn that is answered; an empty one if the user speaks first."""
        return self.agents[-1] if self.agents else SILENCE

    @classmethod
    def of(cls, persona: StaticProfile, profile: DynamicProfile, scene: Scene, agents: Sequence[AgentTurn]) -> Self:
        """How this person's next turn is read."""
        home = persona.locale.partition("-")[0]
        others = tuple(language.code for language in persona.languages if language.code.partition("-")[0] != home)
        return cls(
            profile,
            scene,
            tuple(agents),
            languages=(persona.locale, *others),
            code_switch=persona.expression.code_switch_prob > 0,
            longest_answer=max(LONGEST_ANSWER, VERBOSITY_FACTOR * persona.expression.verbosity_units),
        )
