"""Words that tell who is talking: phrases of an assistant or of the agent (E24), and names of our own machinery (E25).

Invariant: phrases are matched as whole words, whatever their case and punctuation; Chinese ones as substrings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from envs.usersim.schema.enums import ACTS, END_REASONS, MOVES
from envs.usersim.words import words_of

ASSISTANT = (
    "how can i help you",
    "how may i help you",
    "how can i assist",
    "how may i assist",
    "what can i do for you today",
    "i am an ai",
    "i m an ai",
    "as an ai",
    "as a language model",
    "i am a language model",
    "i m a language model",
    "i am an assistant",
    "i m an assistant",
    "i am your assistant",
    "i m your assistant",
    "i m here to help",
    "i am here to help",
    "happy to assist",
    "glad to assist",
    "is there anything else i can",
    "let me know if you need anything else",
    "let me know if you have any other questions",
    "feel free to ask",
    "i hope this helps",
    "thank you for reaching out",
    "thanks for reaching out",
    "i understand your frustration",
    "i understand your concern",
    "i apologize for any inconvenience",
    "i apologise for any inconvenience",
    "sorry for the inconvenience",
    "certainly here is",
    "great question",
)
ROLE_INVERSION = (
    "i am calling you about",
    "i m calling you about",
    "i am calling from",
    "i m calling from",
    "we can offer you",
    "i can offer you a discount",
    "our company offers",
    "our offer for you",
    "would you like to sign up",
    "shall i sign you up",
    "shall i put you down",
    "thank you for choosing us",
    "thank you for being our customer",
    "dear customer",
    "may i have your account number",
    "can you confirm your account number",
)
CHINESE = (
    "请问有什么可以帮",
    "有什么可以帮您",
    "有什么能帮您",
    "很高兴为您服务",
    "作为一个人工智能",
    "作为一个语言模型",
    "我是人工智能",
    "我是您的助手",
    "我是智能助手",
    "希望这对您有帮助",
    "感谢您的咨询",
    "还有其他问题吗",
    "给您带来不便",
    "尊敬的客户",
    "我们公司可以为您",
    "需要我为您办理",
)
MACHINERY = (
    *(name for name in (*MOVES, *ACTS, *END_REASONS) if "_" in name),
    *("end_reason", "new_concerns", "u_reserve", "u_batna", "target_list", "dynamic_profile", "decision_policy"),
)
"""Names with an underscore, which nobody says."""


@dataclass(frozen=True)
class PhraseBook:
    """What a user does not say. More phrases may be given for a persona's language."""

    spaced: tuple[str, ...] = ASSISTANT + ROLE_INVERSION
    unspaced: tuple[str, ...] = CHINESE

    @cached_property
    def _by_word(self) -> dict[str, tuple[str, ...]]:
        """The phrases by their longest word, which few utterances hold."""
        table: dict[str, tuple[str, ...]] = {}
        for phrase in map(words_of, self.spaced):
            word = max(phrase, key=len)
            table[word] = (*table.get(word, ()), _padded(phrase))
        return table

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(self._by_word)

    def found_in(self, text: str, words: list[str]) -> str | None:
        """The first phrase in a text of these words."""
        if not self._words.isdisjoint(words):
            line = _padded(words)
            for phrase in chain.from_iterable(self._by_word.get(word, ()) for word in words):
                if phrase in line:
                    return phrase.strip()
        return None if text.isascii() else next((phrase for phrase in self.unspaced if phrase in text), None)


DEFAULT = PhraseBook()


def _padded(words: Iterable[str]) -> str:
    return f" {' '.join(words)} "
