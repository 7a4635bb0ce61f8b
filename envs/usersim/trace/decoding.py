"""Constrained decoding: a JSON schema of `<state>`, and grammars of whole turns in the EBNF of xgrammar (`structured_outputs`).

A turn that a grammar lets through has no structural error (E01 to E15), no number out of range (E16), and, if its grammar was
made for a context, no unknown or illegally moved concern or claim (E17, E18). What needs memory or sense is left to the parser:
quotes, trap ids that agree, whether an end's reason holds, how an utterance sounds. `r1compat` has no grammar.

Invariants
- What a grammar accepts is one way of writing a turn: as `render` writes it. The parser reads more.
- Texts have no `<` and no quotation marks, utterances no markup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from typing import Any, Literal

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
from envs.usersim.trace.decoding_rewrite import joined, rewrite_turns
from envs.usersim.trace.ebnf import Alternative, Ebnf, Ref
from envs.usersim.trace.state_block import ITEMS, MOST_ITEMS

ANY_CONCERN = (*(f"P{n}" for n in range(1, 5)), *(f"M{n}" for n in range(1, 7)), *(f"L{n}" for n in range(1, 4)))
"""The ids of section 5.1, for a grammar without a context."""
ANY_CLAIM = tuple(f"c{n}" for n in range(1, 10))
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_NEVER = r' <>"\\\x00-\x1f\x7f-\xa0\u0300-\u036f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\uff1c\ufe64'
"""In no word: what separates words, quotes, begins a tag, combines, or cannot be seen."""
_MARKUP = r"*#`_~|{}()\[\]\u2022\u3010\u3011\uff08\uff09"
_WORD = Ref(f"[^{_NEVER}]{{1,30}}")
_SPOKEN = Ref(f"[^{_NEVER}{_MARKUP}\\u2010-\\u2015-][^{_NEVER}{_MARKUP}]{{0,29}}")


def state_schema() -> dict[str, Any]:
    """The JSON schema of `<state>`, without the limits that take arithmetic."""
    properties: dict[str, Any] = {"d": _object(dict.fromkeys(STATE_VARS, _schema(int, range(-MOST_STEP, MOST_STEP + 1))))}
    for name, (_, fields) in ITEMS.items():
        item = _object({key: _schema(field.type, field.allowed) for key, field in fields.items()})
        properties[name] = {"type": "array", "items": item, "maxItems": MOST_NEW if name == "new_concerns" else MOST_ITEMS}
    properties["end"] = {"type": "boolean"}
    properties["end_reason"] = {"enum": [*END_REASONS, None]}
    return _object(properties)


def turn_grammar(profile: Literal["full", "short", "rewrite"], context: Context | None = None) -> str:
    """The grammar of a turn, or with a context of a turn that is legal in it. Raises ValueError for `rewrite` without one."""
    grammar = Ebnf()
    parts = Parts(grammar, context)
    if profile == "rewrite":
        if context is None:
            raise ValueError("the grammar of a rewrite depends on the profile before, so it needs a context")
        root = rewrite_turns(parts, context)
    else:
        root = _full(parts) if profile == "full" else _short(parts)
    grammar.rule("root", *root)
    return str(grammar)


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


def _full(p: Parts) -> Iterable[Alternative]:
    keys = [f'{"," if place else ""}"{name}":' for place, name in enumerate(STATE_VARS)]
    steps = p.steps(lambda place, step: f"{keys[place]}{step}")

    moves = p.moves(lambda cid, to, why: (f'{{"id":"{cid}","to":"{to}","why":"', why, '"}'))
    move_list = p.rule("move_list", "[]", *([("[", p.some("moves", moves, ","), "]")] if moves else []))
    new = p.rule("new", ('{"tier":"', p.tier, '","text":"', p.filled, '","importance":', p.importance, "}"))
    for count in p.new_counts:
        added = joined([(new,)] * count)
        yield (
            *(*p.thoughts(count), '{"d":{', steps, '},"concerns":', move_list, ',"new_concerns":[', *added, "]"),
            *p.rest(),
        )


def _short(p: Parts) -> Iterable[Alternative]:
    steps = p.steps(lambda place, step: f" {step}")

    def lines(name: str, item: tuple[str | Ref, ...], most: int = 4) -> Ref:
        one = p.rule(f"{name}_line", (*item, "\n"))
        return Ref(f"{one}{{0,{most}}}")

    rest = p.rule("rest", "", (" ", p.filled))
    needed = p.rule("needed", (" ", p.filled))
    moves = p.moves(lambda cid, to, why: (f"to {cid} {to}", needed if why == p.filled else rest, "\n"))
    yield (
        *("<think>\nact ", p.act, "\ntrap ", p.traps, "\ntouched ", p.rule("touched", "none", p.touched), "\nmove ", p.move),
        *("\n</think>\n<state>\nd", steps, "\n", p.rule("move_lines", "", *([p.some("moves", moves, "")] if moves else []))),
        lines("new", ("new ", p.tier, " ", p.importance, " ", p.filled), p.new_counts[-1]),
        lines("claim", ("claim ", p.claim_id, " ", p.claim_status, rest)),
        lines("commit", ("commit ", p.payload, p.rule("kind", " binding", " reversible"), rest)),
        lines("told", ("told ", p.level, " ", p.rule("slot", Ref("[A-Za-z0-9_.-]{1,40}")))),
        lines("trap", ("trap ", p.trap_id, " ", p.filled)),
        *("end ", p.rule("end", "no", p.reason), "\n</state>\n<answer>", p.utterance, "</answer>"),
    )


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _schema(kind: type, allowed: frozenset[str] | range | None) -> dict[str, Any]:
    name = {str: "string", int: "integer", bool: "boolean"}[kind]
    return {"type": name} if allowed is None else {"type": name, "enum": sorted(allowed)}
