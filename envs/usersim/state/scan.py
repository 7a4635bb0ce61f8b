"""What an utterance commits to or gives away, whatever its author declares. English and Chinese; used by the transition's
ledgers and by the parser's check E20.

Invariants
- Precision before recall: a question, a negation or a condition in the same clause is no commitment. A clause of nothing but
  assent ("Okay, fine.") is one, unless the rest of the utterance asks, refuses or sets a condition.
- `accept` is a yes, whatever its words are: what is declared and what is said are both taken at their word.
- A commitment needs something to commit to: an ask or an offer in the agent's turn.
- Linear time; names of people and firms play no part.
"""

from __future__ import annotations

import re

from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.delta import Disclosed
from envs.usersim.schema.enums import Move, Payload
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
_ASSENT = (
    r"(?:yes|yeah|yep|yup|okay|ok|fine|sure|al ?right|of course|certainly|absolutely|definitely|agreed|very well|gladly"
    r"|why not|好的|好吧|好啊|好|行吧|行啊|行|可以的|可以|没问题|没意见|嗯|是的|当然|同意|愿意)"
)
_GOING = (
    r"(?:please|then|thanks|thank you|(?:with|by|for) me|i(?:'m| am) in|i do|i want (?:it|that|this)"
    r"|let'?s (?:go|start|proceed)"
    r"|let'?s do (?:it|that|this)|like that|do (?:it|that|this|so)|go (?:ahead|for it)|take it|send it|set it up"
    r"|write it down"
    r"|that(?:'s| is) (?:fine|okay|ok|good|all right)|(?:that|it) works|works|sounds good|whatever you say"
    r"|as you (?:say|like|wish)"
    r"|(?:we|you|i) can do (?:it|that|this)|you can have it|no problem|here (?:it comes|you (?:go|are))"
    r"|就这样吧|就这样|那就这样|就这么办|那就办吧|办吧|听你的|按你说的办|没问题|谢谢)"
)
_PLAIN_YES = re.compile(
    rf"\W*(?:(?:oh|well|so|um|uh|hm+|and|right)\b\W*)?(?:{_ASSENT}|i(?:'m| am) in\b|that works\b)(?![a-z])"
    rf"(?:[\s,，、-]*+(?:{_GOING}|{_ASSENT})(?![a-z]))*+\W*",
    re.IGNORECASE,
)
"""A clause of assent alone."""
_BEGINS_YES = frozenset(
    words_of(
        "i sign book put count deal go let lets you yes charge yeah yep yup okay ok fine sure alright right course certainly"
        " absolutely definitely agreed very gladly why that"
    )
)
"""One of these words is in whatever `_YES` and `_PLAIN_YES` find in ASCII."""
_NO_HEDGE = re.compile(r"\b(?:no (?:problem|worries)|why not)\b|没问题|没意见", re.IGNORECASE)
_BUT = re.compile(
    r"\b(not|n't|never|no|if|unless|until|when|once|before|after|only|whether|would|might|maybe|first)\b|n't\b"
    r"|不|没|别|如果|除非|要是|等|先|才|可能|吗",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,63}")
_DIGITS = re.compile(r"\d(?<!\d\d)(?:[ -]?\d){7,30}(?!\d)")


def commitments(utterance: str, move: Move, agent: AgentTurn, scene: Scene) -> tuple[Payload, ...]:
    """The payloads that a turn says yes to: those of the agent's asks, or `BUY` for a bare offer."""
    if not (agent.asks or agent.offer) or not (move == "accept" or _says_yes(utterance)):
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


def _says_yes(utterance: str) -> bool:
    utterance = utterance.replace("’", "'")
    if utterance.isascii() and _BEGINS_YES.isdisjoint(words_of(utterance)):
        return False
    clauses = _CLAUSE.findall(utterance)
    found = _YES_ASCII.search(utterance.lower()) if utterance.isascii() else _YES.search(utterance)
    if found and any(_YES.search(clause) and not _hedged(clause) for clause in clauses):
        return True
    return any(map(_PLAIN_YES.fullmatch, clauses)) and not any(map(_hedged, clauses))


def _hedged(clause: str) -> bool:
    return clause.rstrip().endswith(("?", "？")) or _BUT.search(_NO_HEDGE.sub("", clause)) is not None
