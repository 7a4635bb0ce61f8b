"""Constrained decoding: a JSON schema of `<state>`, and grammars of whole turns in the EBNF of xgrammar (`structured_outputs`).

A turn that a grammar lets through has no structural error (E01 to E15), no number out of range (E16), and, if its grammar was
made for a context, no unknown or illegally moved concern or claim (E17, E18). What needs memory or sense is left to the parser:
quotes, trap ids that agree, whether an end's reason holds, how an utterance sounds. `r1compat` has no grammar.

Invariants
- What a grammar accepts is one way of writing a turn: as `render` writes it. The parser reads more.
- Texts have no `<` and no quotation marks, utterances no markup.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from envs.usersim.schema.delta import MOST_NEW, MOST_STEP
from envs.usersim.schema.enums import (
    END_REASONS,
    STATE_VARS,
)
from envs.usersim.trace.context import Context
from envs.usersim.trace.decoding_parts import Parts
from envs.usersim.trace.decoding_rewrite import joined, rewrite_turns
from envs.usersim.trace.ebnf import Alternative, Ebnf, Ref
from envs.usersim.trace.state_block import ITEMS, MOST_ITEMS


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
