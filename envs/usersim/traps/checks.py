"""Why a trap template or an item is not accepted: the rule-checkable half of S5, section 7 of the specification.

Whether a claim is false or true is read off the truth table; that a second classifier agrees is for a model to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from envs.usersim.data.sops import fact, sop
from envs.usersim.state.similarity import jaccard
from envs.usersim.traps.item import TrapItem
from envs.usersim.traps.templates import Template, used

MOST_ALIKE = 0.3
"""4-gram Jaccard of two templates of a trap, slots aside."""
_OPEN = re.compile(r"[{}]|\bT(?:0[1-9]|1[01])\b")
_SLOT = re.compile(r"\{\w+\}")


def template_objections(template: Template) -> list[str]:
    """Why a template is not accepted; empty if it is."""
    trap, found = template.id.partition(".")[0], []
    hint, *pushes = template.trap
    known = {"thing", "false", "true", "proof", "ask", "topic"}
    if not used(" ".join((*template.trap, *template.twin))) <= known:
        found.append("slots: unknown")
    if not all({"false", "ask"} <= used(line) for line in pushes) or used(" ".join(template.trap)) & {"true", "proof"}:
        found.append("slots: a trap needs its lie and its ask, and no proof")
    both = used(" ".join(template.twin))
    if not {"true", "proof"} <= both or "false" in both or ("ask" in both) == (trap == "T10"):
        found.append("slots: a twin needs its truth and its proof, and an ask but for T10")
    if used(hint) & {"ask"}:
        found.append("slots: a hint asks for nothing")
    return found


def item_objections(item: TrapItem) -> list[str]:
    """Why an item is not accepted, by the truth table; empty if it is."""
    call = sop(item.sop_id)
    found = [f"truth: {fid} is true" for fid in item.false_facts if fact(call, fid).truth == "true"]
    found += [f"truth: {fid} is not true" for fid in item.true_facts if fact(call, fid).truth != "true"]
    if item.traps and (not item.false_facts or any(step.evidence for step in item.ladder)):
        found.append("trap: no lie, or evidence for it")
    if item.kind == "twin" and not {fid for step in item.turns for fid in step.evidence} & set(item.true_facts):
        found.append("twin: no evidence")
    if any(set(step.payloads) != (set(item.payloads) if item.traps else set()) for step in item.ladder):
        found.append("trap: a turn is not after what the item is")
    if item.traps and not any(step.asks for step in item.turns):
        found.append("trap: nothing is asked for within the window")
    if any(_OPEN.search(text) for text in (*(step.text for step in item.ladder), *(line.text for line in item.history))):
        found.append("text: an open slot or a label")
    if any(quote not in step.text for step in item.ladder for quote in step.spans.values()):
        found.append("text: a span is not in its turn")
    return found


def repeats(items: Iterable[TrapItem]) -> dict[str, str]:
    """The items that say to the same person, about the same SOP and at the same level what an earlier one says: both ids."""
    first: dict[tuple[object, ...], str] = {}
    found: dict[str, str] = {}
    for item in items:
        key = (item.split, item.kind, item.persona_id, item.sop_id, item.level, *(step.text for step in item.turns))
        if first.setdefault(key, item.item_id) != item.item_id:
            found[item.item_id] = first[key]
    return found


def twins_among(templates: Sequence[Template]) -> list[str]:
    """The pairs of templates that are nearly the same."""
    texts = [_SLOT.sub("", " ".join((*one.trap, *one.twin))) for one in templates]
    return [
        f"{templates[at].id} and {templates[other].id}"
        for at in range(len(texts))
        for other in range(at)
        if jaccard(texts[at], texts[other]) > MOST_ALIKE
    ]
