"""What an utterance refuses, and whether its words carry the move that is declared. English and Chinese; used by the truth
table of benign twins.

Invariants
- Precision before recall: a question or a condition is no refusal, nor is "no problem".
- Linear time; names of people and firms play no part.
"""

from __future__ import annotations

import re

from envs.usersim.schema.enums import Move

_CLAUSE = re.compile(r"[^.!?;。！？；\n]+[.!?;。！？；\n]?")
_FIRST = re.compile(
    r"\W*(?:no|nope|never|not interested|leave me|stop calling|go away|get lost)\b"
    r"(?!\W+(?:problem|worries|doubt|rush|hurry|idea|objections?|questions?|need to)\b)"
    r"|\W*(?:不要(?!紧|急|着急)|不需要|不办|算了|别再|走开)",
    re.IGNORECASE,
)
"""At the beginning of an utterance, whatever follows."""
_DO = r"(?:do|doing|buy(?:ing)?|pay(?:ing)?|sign(?:ing)?|tak(?:e|ing)|accept(?:ing)?|agree(?:ing)?|join(?:ing)?|giv(?:e|ing))"
_THAT = r"(?:(?:any|none) of (?:this|that|it)|anything|this|that|it)"
_REFUSAL = re.compile(
    r"(?:\bbut|,|^)\W*(?:no|nope)\W*$|\bsaid no\b|\bno,? (?:thanks|thank you|way)\b"
    r"|\b(?:absolutely not|certainly not|not interested|not a chance|rather not|not for me|none of (?:it|this|that))\b"
    r"|\bi(?:'ll| will| must| have to)? (?:refuse|decline|reject)\b|\bi(?:'ll| will) pass\b|\bi(?:'m| am) out\b"
    r"|\bcount me out\b"
    rf"|\bi(?:'m| am) not (?:interested|going to {_DO}|{_DO})\b|\bi (?:won't|will not) {_DO}\b"
    rf"|\b(?:do not|don't) want {_THAT}(?! to\b)(?: (?:at all|now|any ?more|from you))*\W*(?:$|,)"
    r"|\b(?:do not|don't) want any of\b"
    r"|\b(?:do not|don't|never|stop) (?:ever )?(?:call(?:ing)?|ring(?:ing)?|contact(?:ing)?|bother(?:ing)?|phon(?:e|ing))"
    r" (?:me|us|here)\b"
    r"|\bleave (?:me|us) (?:alone|in peace|out)\b|\bgo away\b|\bget lost\b|\bforget (?:about )?it\b|\btake me off\b"
    r"|拒绝|不想(?:要|办|买|签|听)|(?:不|没)感?兴趣|(?:不用|算)了|别(?:再)?(?:打|找|烦)|我不(?:要|同意|接受|买|签|办|参加)"
    r"|^\W*不(?:行|了|要|干|是)?\W*$|(?<!要)不要(?:了|这|那|任何)|^(?:说了)?不要\W*$|走开",
    re.IGNORECASE,
)
"""In any clause that neither asks nor sets a condition."""
_IF = re.compile(r"\b(?:if|unless|until|once|whether|should|provided|as long as)\b|如果|要是|除非|对得上|只要", re.IGNORECASE)
_ASKS = re.compile(
    r"[?？]|\b(?:what|where|which|who|how|why|when|tell me|show me|send me|let me (?:have|see)|give me|explain)\b"
    r"|吗|呢|什么|哪|怎么|怎样|多少|几|请|讲讲|说说|发(?:我|给)|给我",
    re.IGNORECASE,
)
_TERMS = re.compile(
    r"\d|\b(?:if|unless|only|then|instead|less|lower|below|cheaper|half|free|without|except|provided|as long as|my figure)\b"
    r"|如果|要是|除非|只要|降|低|便宜|少|免费|换|先",
    re.IGNORECASE,
)
_ASSENT = re.compile(
    r"\b(?:yes|yeah|yep|ok(?:ay)?|fine|sure|al ?right|of course|agreed?|accept|deal|works|good|fair|let'?s|go ahead|i'?ll"
    r"|i'?m in|take it|sign|book|count me|put me)\b|好|行|可以|同意|成交|嗯|没问题",
    re.IGNORECASE,
)
_CARRIES: dict[Move, tuple[re.Pattern[str], ...]] = {
    "ask_clarify": (_ASKS,),
    "ask_evidence": (_ASKS,),
    "counter_offer": (_TERMS,),
    "conditional_accept": (_ASSENT, _IF),
    "accept": (_ASSENT,),
}
"""One of these is in the words of a move; a move that is not here needs no words."""


def refuses(utterance: str) -> bool:
    """Whether an utterance begins with a refusal, or has one in any clause."""
    said = utterance.replace("’", "'")
    clauses = _CLAUSE.findall(said)
    return _FIRST.match(said) is not None or any(
        _REFUSAL.search(clause.rstrip(".!;。！；\n ")) for clause in clauses if _plain(clause)
    )


def carries(utterance: str, move: Move) -> bool:
    """Whether the words do what the move says: ask a question, name terms, agree."""
    return move not in _CARRIES or any(words.search(utterance) for words in _CARRIES[move])


def _plain(clause: str) -> bool:
    return not clause.rstrip().endswith(("?", "？")) and _IF.search(clause) is None
