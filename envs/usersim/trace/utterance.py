"""What may be wrong with the words the agent hears: E07 and E22 to E27. `checks` compares them with the state."""

from __future__ import annotations

import re
import unicodedata

from envs.usersim.schema.enums import STATE_VARS
from envs.usersim.trace.context import Context
from envs.usersim.trace.errors import Code, Findings
from envs.usersim.trace.language import foreign
from envs.usersim.trace.phrases import MACHINERY
from envs.usersim.trace.sanitise import LOOKALIKE
from envs.usersim.trace.units import MOST_PER_CHARACTER, units
from envs.usersim.words import words_of

LETTERS = 12
"""Characters of a unit at most, three times the usual: what has no spaces is not short."""
_VARIABLES = frozenset(STATE_VARS)
_VARIABLE = f"(?:{'|'.join(STATE_VARS)})"
_LINK = r"(?:\W+(?:is|at|now|down|up|to|of|level|score|value|still|only|just)){0,4}+"
_SPOKEN_VALUE = re.compile(
    rf"\b{_VARIABLE}{_LINK}\W*+\d{{1,2}}\b(?!\s*(?:%|percent|minute|hour|day|week|month|year))"
    rf"|\b{_VARIABLE} (?:level|score|value)\b"
    r"|(?:信任|情绪|耐心|参与)(?:度|值|分)?[^\w]{0,3}(?:是|为|只有|还有|降到|剩)?\s?\d",
    re.IGNORECASE,
)
_TRAP_ID = re.compile(r"\bT(?:0[1-9]|1[01])\b")
_MACHINERY = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(MACHINERY, key=len, reverse=True))) + r")\b", re.IGNORECASE)
_MAY_BE_MARKUP = re.compile(r"[*\[\]#`_~<>{}()（）【】\n|]|^[ \t]*+[-•–]")
_ACTING = (
    "sigh|laugh|chuckle|giggle|pause|smile|groan|hang|cough|whisper|shout|yawn|grumble|snort|cr[iy]|nod|shrug|roll|frown|mutter"
    "|hesitat|angr|annoyed|irritated|sarcastic|silen|thinking|softly|quietly|long pause|clear|background|door|phone|beep"
)
_MARKUP = re.compile(
    r"\*[^*\n]{1,80}\*|\[[^\]\n]{1,80}\]|【[^】\n]{1,80}】|```|`[^`\n]{1,80}`|__[^_\n]{1,80}__|</?[A-Za-z][^<>]{0,80}>"
    r"|^[ \t]*+(?:#{1,6} |[-*•–] |\d{1,2}\. |>)|\|[^|\n]{1,80}\||\{[^{}\n]{1,80}\}"
    rf"|\((?:{_ACTING})[^()\n]{{0,60}}\)|（[^（）\n]{{0,20}}[叹笑哭停沉怒挂咳]+[^（）\n]{{0,20}}）"
    r"|^[ \t]*+(?:user|agent|customer|caller|assistant|me|用户|客服|客户)\s?[:：]",
    re.IGNORECASE | re.MULTILINE,
)
_PLAIN = bytes(code for code in range(128) if chr(code) not in "*[]#`_~<>{}()\n|:")
"""ASCII that is in no markup, tag or label, but for a `-` at the beginning."""
_LABEL = re.compile(r"[A-Za-z\u4e00-\u9fff]{2,9}\s?[:：]")
_INVISIBLE = frozenset({"Cf", "Cc", "Zs", "Zl", "Zp", "Mn"})


def check_utterance(utterance: str, context: Context, found: Findings) -> None:
    """All findings of an utterance, stripped. Who is named in it changes none."""
    if not utterance or (not utterance.isascii() and all(unicodedata.category(mark) in _INVISIBLE for mark in utterance)):
        found.add(Code.E22, "nothing is said")
        return
    utterance, longest = context.scene.plain(utterance), context.longest_answer
    if len(utterance) * MOST_PER_CHARACTER > longest and (len(utterance) > LETTERS * longest or units(utterance) > longest):
        found.add(Code.E23, f"{units(utterance)} units, but at most {longest}")
        return
    marked = not utterance.isascii() or utterance[0] == "-" or bool(utterance.encode().translate(None, _PLAIN))
    if marked and LOOKALIKE.search(utterance):
        found.add(Code.E07, "what looks like a reserved tag")
    words = words_of(utterance)
    phrase = context.phrases.found_in(utterance, words)
    if phrase is not None:
        found.add(Code.E24, phrase)
    _check_values(utterance, words, found)
    language = foreign(utterance, words, context.languages if context.code_switch else context.languages[:1])
    if language is not None:
        found.add(Code.E26, f"{language}, but this person speaks {', '.join(context.languages)}")
    if marked and not found.has(Code.E07) and (_MAY_BE_MARKUP.search(utterance) or _LABEL.match(utterance)):
        markup = _MARKUP.search(utterance)
        if markup is not None:
            found.add(Code.E27, repr(markup.group()[:40]))


def _check_values(utterance: str, words: list[str], found: Findings) -> None:
    value = None
    if not utterance.isascii() or not _VARIABLES.isdisjoint(words):
        value = _SPOKEN_VALUE.search(utterance)
    if value is None and "_" in utterance:
        value = _MACHINERY.search(utterance)
    if value is None and "T" in utterance:
        value = _TRAP_ID.search(utterance)
    if value is not None:
        found.add(Code.E25, repr(value.group()[:40]))
