"""The rules that the grammars of several forms of a turn share (`decoding`, `decoding_rewrite`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations

from envs.usersim.schema.delta import MOST_NEW, MOST_STEP, MOST_STEPS
from envs.usersim.schema.dynamic_profile import MOST_CONCERNS
from envs.usersim.schema.enums import (
    ACTS,
    CLAIM_STATUSES,
    CONCERN_STATUSES,
    END_REASONS,
    MOVES,
    PAYLOADS,
    STATE_VARS,
    TIERS,
    TRAPS,
    ConcernStatus,
)
from envs.usersim.state.concerns import LEGAL
from envs.usersim.trace.checks import next_claim
from envs.usersim.trace.context import Context
from envs.usersim.trace.ebnf import Alternative, Ebnf, Ref

ANY_CONCERN = (*(f"P{n}" for n in range(1, 5)), *(f"M{n}" for n in range(1, 7)), *(f"L{n}" for n in range(1, 4)))
"""The ids of section 5.1, for a grammar without a context."""
ANY_CLAIM = tuple(f"c{n}" for n in range(1, 10))
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_NEVER = r' <>"\\\x00-\x1f\x7f-\xa0\u0300-\u036f\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\uff1c\ufe64'
"""In no word: what separates words, quotes, begins a tag, combines, or cannot be seen."""
_GROWS = (
    r"\u0958-\u095f\u09dc\u09dd\u09df\u0a33\u0a36\u0a59-\u0a5b\u0a5e\u0b5c\u0b5d\u0f43\u0f4d\u0f52\u0f57\u0f5c\u0f69\u0f73\u0f75\u0f76"
    r"\u0f78\u0f81\u0f93\u0f9d\u0fa2\u0fa7\u0fac\u0fb9\u2adc\ufb1d\ufb1f\ufb2a-\ufb4e\U0001d15e-\U0001d164\U0001d1bb-\U0001d1c0"
)
"""What NFC writes with more characters, so that a text could outgrow its limit: letters have other spellings."""
_MARKUP = r"*#`_~|{}()\[\]\u2022\u3010\u3011\uff08\uff09"
_WORD = Ref(f"[^{_NEVER}{_GROWS}]{{1,30}}")
_SPOKEN = Ref(f"[^{_NEVER}{_GROWS}{_MARKUP}\\u2010-\\u2015-][^{_NEVER}{_GROWS}{_MARKUP}]{{0,29}}")


class Parts:
    """The rules that both profiles have, of a context or of any."""

    def __init__(self, grammar: Ebnf, context: Context | None) -> None:
        self.rule, self.some = grammar.rule, grammar.some
        self.statuses: Mapping[str, ConcernStatus | None] = context.statuses if context else dict.fromkeys(ANY_CONCERN)
        known = [claim.cid for claim in context.profile.ledgers.claims] if context else []
        self.claims = (*known, next_claim(known)) if context else ANY_CLAIM
        self.new_counts = range(min(MOST_NEW, MOST_CONCERNS - len(context.statuses)) + 1) if context else range(MOST_NEW + 1)
        rule = self.rule
        word = rule("word", _WORD)
        self.filled = rule("filled", (word, Ref('(" " word){0,31}')))
        self.maybe = rule("maybe", "", self.filled)
        self.text = rule("text", (Ref('(word " "){3,150}'), word), Ref(f"[{_CJK}]{{7,400}}"))  # each has four units
        self.spoken = rule("spoken", _SPOKEN)
        self.utterance = rule("utterance", (self.spoken, Ref('(" " spoken){0,90}')))
        self.act, self.move = rule("act", *ACTS), rule("move", *MOVES)
        pairs = (f"{one},{other}" for one, other in combinations(TRAPS, 2))
        self.traps = rule("traps", "none", *TRAPS, *pairs)
        self.trap_id, self.payload = rule("trap_id", *TRAPS), rule("payload", *PAYLOADS)
        self.tier, self.claim_status = rule("tier", *TIERS), rule("claim_status", *CLAIM_STATUSES)
        self.importance, self.level = rule("importance", *"12345"), rule("level", *"0123")
        self.reason, self.claim_id = rule("reason", *END_REASONS), rule("claim_id", *self.claims)
        self.touched = self.some("touched", [[cid] for cid in self.statuses], ",")

    def steps(self, write: Callable[[int, int], str]) -> Ref:
        """The four state values, six steps in all at most; `write(place, step)`."""
        last = len(STATE_VARS) - 1
        for place in reversed(range(len(STATE_VARS))):
            for budget in range(MOST_STEPS + 1):
                steps = [step for step in range(-MOST_STEP, MOST_STEP + 1) if abs(step) <= budget]
                self.rule(
                    f"d{place}_{budget}",
                    *((write(place, n), *([] if place == last else [Ref(f"d{place + 1}_{budget - abs(n)}")])) for n in steps),
                )
        return Ref(f"d0_{MOST_STEPS}")

    def thoughts(self, new: int) -> tuple[str | Ref, ...]:
        """A turn of `full` up to the inside of `<state>`; `new`: how many concerns are."""
        touched = self.rule("touched_ids", "", self.touched)
        return (
            *('<think>\n<intent act="', self.act, '" trap="', self.traps, '">', self.text, '</intent>\n<concerns touched="'),
            *(touched, f'" new="{new}">', self.text, '</concerns>\n<plan move="', self.move, '">', self.text),
            *("</plan>\n<update>", self.text, "</update>\n<tone>", self.text, "</tone>\n</think>\n<state>"),
        )

    def rest(self) -> tuple[str | Ref, ...]:
        """A turn of `full` from the ledgers on."""

        def listed(name: str, item: tuple[str | Ref, ...]) -> Ref:
            one = self.rule(f"{name}_item", item)
            return self.rule(name, "[]", ("[", one, Ref(f'("," {one}){{0,3}}'), "]"))

        maybe, flag = self.maybe, self.rule("flag", "true", "false")
        claim = ('{"cid":"', self.claim_id, '","status":"', self.claim_status, '","text":"', maybe, '"}')
        commit = ('{"payload":"', self.payload, '","terms":"', maybe, '","reversible":', flag, "}")
        told = ('{"slot":"', self.rule("slot", Ref("[A-Za-z0-9_.-]{1,40}")), '","level":', self.level, "}")
        quote = ('{"id":"', self.trap_id, '","quote":"', self.filled, '"}')
        end = self.rule("end", '"end":false,"end_reason":null', ('"end":true,"end_reason":"', self.reason, '"'))
        return (
            *(',"claims":', listed("claims", claim), ',"commit":', listed("commits", commit)),
            *(',"disclosed":', listed("told", told), ',"traps":', listed("quotes", quote)),
            *(",", end, "}</state>\n<answer>", self.utterance, "</answer>"),
        )

    def moves(self, write: Callable[[str, str, Ref], Alternative]) -> list[list[Alternative]]:
        """For each concern, the moves it may make; `write(id, to, why)`."""
        made: list[list[Alternative]] = []
        for cid, was in self.statuses.items():
            targets = LEGAL[was] if was else CONCERN_STATUSES
            whys = [self.filled if to == "dropped" or was == "resolved" else self.maybe for to in targets]
            if targets:
                made.append([write(cid, to, why) for to, why in zip(targets, whys, strict=True)])
        return made
