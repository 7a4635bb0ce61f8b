"""Whether words do what a declared move says: ask, name terms, agree, hold back. A move that needs no words is carried by any.

Recall before precision, as honest paraphrases are many: what is kept out is a move in name only.
"""

from __future__ import annotations

import re

from envs.usersim.schema.enums import Move
from envs.usersim.stance.stance import refuses

_ASKS = re.compile(
    r"[?？]|\b(?:what|where|which|who|whose|how|why|when|tell me|show me|send (?:me|it|the)|let me (?:have|see|look)"
    r"|give me|explain"
    r"|repeat|remind me|walk me|spell|read me|say that again|go over|clarify|mean|wonder|like to (?:know|see"
    r"|understand|read|hear)"
    r"|want to (?:know|see|understand)|in writing|on paper|e-?mail me|point me|look at|prove|proof|evidence|yes or no|number"
    r"|my question|copy of)\b"
    r"|吗|呢|什么|哪|怎么|怎样|多少|几|请|讲|说说|说清楚|再说|了解|想知道|发(?:我|给|过来)|给我|拿出来|书面|要看|证明|是还是不是|凭什么|谁|比较",
    re.IGNORECASE,
)
_IF = re.compile(
    r"\b(?:if|unless|until|once|whether|should|provided|as long as|subject to|only|after|when|with the .{1,30} in hand|first)\b"
    r"|如果|要是|除非|对得上|只要|看完|等我|没问题我就|的话|先|才",
    re.IGNORECASE,
)
_TERMS = re.compile(
    r"\d|\b(?:if|unless|only|then|instead|less|lower|below|cheaper|half|free|without|except|provided|as long as"
    r"|my (?:figure|price|limit)"
    r"|make it|drop|waive|reduce|take .{1,20} off|off|throw in|meet me|cut|discount|more than|at most|no more|hundred|thousand"
    r"|ten|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|third (?:way|option)|nothing at all|lower the price)\b"
    r"|如果|要是|除非|只要|降|低|便宜|少|免费|免|换|先|打.?折|送|再说|另外|第三|[一二三四五六七八九十百千]+(?:块|元|成)",
    re.IGNORECASE,
)
ASSENT = re.compile(
    r"\b(?:yes+|yeah|yep|yup|ok(?:ay)?|fine|sure|al(?:l ?|)right|of course|certainly|absolutely|definitely|gladly|with pleasure"
    r"|by all means|agreed?|accept|confirm(?:ed)?|deal|works|good|great|perfect|wonderful|lovely|right|fair|let'?s"
    r"|please do|go ahead"
    r"|go on|i'?ll|i will|i'?d (?:love|like|be happy)|happy to|i'?m in|take it|sign|book|count me|put (?:me|it)|sounds"
    r"|ja|gut|einverstanden|sí|vale|bueno|de acuerdo|oui|d'accord)\b"
    r"|好|行|可以|同意|成交|嗯|定了|要了|接受|就这|买|办|签|没问题|愿意",
    re.IGNORECASE,
)
"""What a spoken yes holds at least; far more than `says_yes` takes for one."""
_HOLDS = re.compile(
    r"\b(?:no|not|never|nothing|none|nobody|neither|without|stop|leave|enough|cannot|first|before|until|unless"
    r"|instead|rather|myself|my own"
    r"|think|decide|decided|compare|check|look|ask|asked|read|days?|weeks?|tomorrow|tonight|later|time|moment|wait"
    r"|somebody|someone"
    r"|supervisor|manager|lawyer|family|wife|husband|human|person|office|number|feel|feeling|scare|guilt|afraid|pressure|push"
    r"|separate|matter|favour|past|others?|follow|line with|trick|facts?|back to|out of it|goodbye|bye|hanging up"
    r"|hang up|done)\b|n['’]t\b"
    r"|[?？]|不|没|别|先|再|等|想|考虑|自己|家人|官方|问|查|难受|压|吓|人情|别人|过去|事实|挂|再见|算了|比较|第三|另外|换",
    re.IGNORECASE,
)
_CARRIES: dict[Move, tuple[re.Pattern[str], ...]] = {
    "ask_clarify": (_ASKS,),
    "ask_evidence": (_ASKS,),
    "counter_offer": (_TERMS,),
    "conditional_accept": (ASSENT, _IF),
    "accept": (ASSENT,),
}
"""One of these is in the words of a move."""
_GUARDS: tuple[Move, ...] = (
    *("refuse", "withhold", "delay", "redirect", "deflect", "set_boundary"),
    *("name_tactic", "express_emotion", "request_human", "close"),
)


def carries(utterance: str, move: Move) -> bool:
    """Whether the words do what the move says."""
    if move in _GUARDS:
        return _HOLDS.search(utterance) is not None or refuses(utterance)
    return move not in _CARRIES or any(words.search(utterance) for words in _CARRIES[move])
