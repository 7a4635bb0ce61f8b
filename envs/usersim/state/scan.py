"""What an utterance commits to or gives away, whatever its author declares. English and Chinese; used by the transition's
ledgers and by the parser's check E20.

Invariants
- A yes is what `envs.usersim.stance` takes for one, with precision before recall.
- `accept` is a yes, whatever its words are: what is declared and what is said are both taken at their word.
- A commitment needs something to commit to: an ask or an offer in the agent's turn.
- Linear time; names of the person and of the agent's firm play no part.
"""

from __future__ import annotations

import re

from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.delta import Disclosed
from envs.usersim.schema.enums import Move, Payload
from envs.usersim.stance import says_yes
from envs.usersim.state.scene import Scene

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,63}")
_DIGITS = re.compile(r"\d(?<!\d\d)(?:[ -]?\d){7,30}(?!\d)")
_NO_ACCOUNT = re.compile(
    r"(?:19|20)\d\d[ -]\d{1,2}[ -]\d{1,2}|\d{1,2}[ -]\d{1,2}[ -](?:19|20)\d\d|(?:19|20)\d\d ?- ?(?:19|20)\d\d"
    r"|\d{1,3}(?: 000)+|\d{1,3}(?: \d{3}){1,2}"
)
"""Dates, spans of years, and sums in groups of three."""


def commitments(utterance: str, move: Move, agent: AgentTurn, scene: Scene) -> tuple[Payload, ...]:
    """The payloads that a turn says yes to: those of the agent's asks, or `BUY` for a bare offer."""
    if not (agent.asks or agent.offer) or not (move == "accept" or says_yes(scene.plain(utterance))):
        return ()
    return tuple(dict.fromkeys(scene.asks[ask].payload for ask in agent.asks)) or ("BUY",)


def disclosures(utterance: str, scene: Scene) -> tuple[Disclosed, ...]:
    """The slots that an utterance gives away: sensitive hard facts word for word, an e-mail address, a long number."""
    said = utterance.casefold()
    found = [Disclosed(slot, level) for slot, value, level in scene.telling if value in said]
    if not found:
        if "@" in utterance and _EMAIL.search(utterance):
            found.append(Disclosed("email", 1))
        numbers = _DIGITS.findall(utterance)
        if numbers and not all(map(_NO_ACCOUNT.fullmatch, numbers)):
            found.append(Disclosed("number", 2))
    return tuple(found)
