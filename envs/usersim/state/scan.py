"""What an utterance commits to or gives away, whatever its author declares. English and Chinese; used by the transition's
ledgers and by the parser's check E20.

Invariants
- Precision before recall: a question, a negation or a condition in the same clause is no commitment.
- A commitment needs something to commit to: an ask or an offer in the agent's turn.
- Linear time; names of people and firms play no part.
"""

from __future__ import annotations

import re

from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.delta import Disclosed
from envs.usersim.schema.enums import Payload
from envs.usersim.state.scene import Scene
from envs.usersim.words import words_of

_CLAUSE = re.compile(r"[^.!?;。！？；\n]+[.!?;。！？；\n]?")
_YES = re.compile(
    r"\b(i(?:'ll| will) (?:take|sign|do|pay|buy|go for|go with|accept)(?: it| that| this| up| the \w+)?"
    r"|sign me up|book (?:me|it)|put me down|count me in|(?:it'?s a |we have a )?deal\b|go ahead|let'?s do (?:it|that|this)"
    r"|i (?:agree|accept|consent)|you have my (?:consent|permission|agreement)|yes,? please|charge (?:it|my \w+))"
    r"|我(?:同意|接受|买|签|付|订)(?:了|吧|这个)?|就这么(?:定|办)|成交|帮我(?:办|开通|下单)|可以，?办吧",
    re.IGNORECASE,
)
_YES_ASCII = re.compile(_YES.pattern)
"""The same for lower case, in half the time."""
_BEGINS_YES = frozenset({"i", "sign", "book", "put", "count", "deal", "go", "let", "lets", "you", "yes", "charge"})
"""One of these words is in whatever `_YES` finds in ASCII."""
_BUT = re.compile(
    r"\b(not|n't|never|no|if|unless|until|when|once|before|after|only|whether|would|might|maybe|first)\b|n't\b"
    r"|不|没|别|如果|除非|要是|等|先|才|可能|吗",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,63}")
_DIGITS = re.compile(r"\d(?<!\d\d)(?:[ -]?\d){7,30}(?!\d)")


def commitments(utterance: str, agent: AgentTurn, scene: Scene) -> tuple[Payload, ...]:
    """The payloads that an utterance says yes to: those of the agent's asks, or `BUY` for a bare offer."""
    if not (agent.asks or agent.offer) or not _assents(utterance) or not any(map(_commits, _CLAUSE.findall(utterance))):
        return ()
    return tuple(dict.fromkeys(scene.asks[ask].payload for ask in agent.asks)) or ("BUY",)


def disclosures(utterance: str, scene: Scene) -> tuple[Disclosed, ...]:
    """The slots that an utterance gives away: sensitive hard facts word for word, an e-mail address, a long number."""
    said = utterance.casefold()
    found = [Disclosed(slot, level) for slot, value, level in scene.telling if value in said]
    if not found:
        if "@" in utterance and _EMAIL.search(utterance):
            found.append(Disclosed("email", 1))
        if _DIGITS.search(utterance):
            found.append(Disclosed("number", 2))
    return tuple(found)


def _assents(utterance: str) -> bool:
    if not utterance.isascii():
        return _YES.search(utterance) is not None
    return not _BEGINS_YES.isdisjoint(words_of(utterance)) and _YES_ASCII.search(utterance.lower()) is not None


def _commits(clause: str) -> bool:
    return not clause.rstrip().endswith(("?", "？")) and bool(_YES.search(clause)) and not _BUT.search(clause)
