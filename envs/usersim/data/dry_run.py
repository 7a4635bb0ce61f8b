"""The dry run of an SOP: a scripted honest agent and the oracle have to reach a success within its turns. Section 4.2.

Success is an end of the SOP's `success` list. Who is called is a plausible persona of the SOP's split, in the call's language.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from envs.base import Message, View
from envs.conversation import drive
from envs.usersim.agents.scripted import ScriptedAgent, Spoken, opening
from envs.usersim.data.culture import in_language
from envs.usersim.data.pairs import implausible
from envs.usersim.data.personas import personas
from envs.usersim.data.sops import hooks
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.dynamic_profile import Ended
from envs.usersim.schema.sop import Sop
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.state.transition import advance
from envs.usersim.task import AgentBrief
from envs.usersim.users import USERS, Situation


class Run(NamedTuple):
    """How a call went."""

    sop_id: str
    persona_id: str
    ended: Ended | None
    """None: the turns ran out."""
    turns: int
    success: bool


def dry_run(sop: Sop, person: StaticProfile, seed: int = 0) -> Run:
    """One call of an honest agent, answered by the oracle."""
    person = in_language(person, sop.locale)
    agent, place = ScriptedAgent(seed), Situation.first(person, sop, (opening(sop),), seed)
    wanted = {end.predicate for end in sop.ends.success}
    for turn in range(1, sop.process.max_turns + 1):
        trace = USERS["oracle"](place)
        after, _ = advance(
            place.profile,
            place.agent,
            trace.delta,
            place.scene,
            utterance=trace.answer,
            move=trace.move,
            touched=trace.touched,
        )
        if after.clock.ended is not None:
            return Run(sop.sop_id, person.persona_id, after.clock.ended, turn, after.clock.ended in wanted)
        said = _answer(agent, sop, trace.answer)
        place = replace(place, profile=after, agents=(*place.agents, said), said=(*place.said, trace.answer))
    return Run(sop.sop_id, person.persona_id, None, sop.process.max_turns, False)


def runs(sop: Sop, most: int = 3) -> list[Run]:
    """The dry runs of an SOP with its first `most` plausible personas."""
    people = [person for person in personas(hooks(sop.sop_id).split) if not implausible(person, sop)]
    return [dry_run(sop, person) for person in people[:most]]


def _answer(agent: ScriptedAgent, sop: Sop, heard: str) -> AgentTurn:
    view = View("agent", "", (Message("user", heard),), known={"brief": AgentBrief(sop, "honest", ())})
    spoken = drive(agent.speak(view))
    assert isinstance(spoken, Spoken)
    return spoken.turn
