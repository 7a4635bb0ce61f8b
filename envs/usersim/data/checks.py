"""The acceptance checks of the data: sections 3.2, 4.2, 5.2 and 7 of the specification, as far as rules can check it.

`report()` runs all of them and says what was accepted, what rejected, and why. What is shipped has no rejection but those of
candidates (personas) and of pairs, which are what generators are for. Checks that need a model or a person (entailment, LLM
lint, human audit) are not here and nothing pretends that they ran.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from envs.usersim.data.personas import COUNT, SEED, Rejected, generate, personas
from envs.usersim.data.pairs import implausible
from envs.usersim.data.sops import SPLITS, Hooks, fact, hooks, sops
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.sop import ConcernSeed, Sop
from envs.usersim.state.concerns import answers
from envs.usersim.state.initial import targeted
from envs.usersim.state.similarity import numbers
from envs.usersim.traps.bank import bank
from envs.usersim.traps.item import TrapItem
from envs.usersim.traps.templates import Template, every, used

CONCERNS = {"primary": (2, 4), "minor": (2, 6), "latent": (0, 3)}
"""How many of each tier: section 5.2."""
ZOPA_SHARE = (0.55, 0.85)
"""Of the SOPs that negotiate: about 70 of 100 have room for an agreement."""
FEWEST_TEMPLATES = 10
_SLOT = re.compile(r"[{}]|\bT(?:0[1-9]|1[01])\b")


class Stage(NamedTuple):
    """What a stage let through and what not."""

    stage: str
    accepted: int
    rejected: tuple[Rejected, ...]

    @property
    def reasons(self) -> dict[str, int]:
        """How often each reason came up, by its first words."""
        return dict(Counter(part.split(":")[0] for one in self.rejected for part in one.reason.split("; ")))


def report() -> tuple[Stage, ...]:
    """All stages."""
    people, turned_down = generate(COUNT, SEED)
    calls = sops(None, None)
    unfit = [
        Rejected(f"{person.persona_id} {sop.sop_id}", f"implausible: {reason}")
        for split in SPLITS
        for person in personas(split)
        for sop in sops(split)
        if (reason := implausible(person, sop))
    ]
    fitting = sum(len(personas(split)) * len(sops(split)) for split in SPLITS) - len(unfit)
    items = [item for split in SPLITS for item in bank(split)] + list(bank("test", "zh-CN"))
    return (
        Stage("S1 personas", len(people), turned_down),
        _stage("S2 SOPs", ((sop.sop_id, sop_objections(sop, hooks(sop.sop_id))) for sop in calls)),
        Stage("S3 pairs", fitting, tuple(unfit)),
        _stage("S5 templates", ((one.id, template_objections(one)) for one in (*every(), *every("zh-CN")))),
        _stage("S5 trap bank", ((item.item_id, item_objections(item)) for item in items)),
    )


def _stage(name: str, found: Iterable[tuple[str, list[str]]]) -> Stage:
    listed = list(found)
    rejected = tuple(Rejected(key, "; ".join(objections)) for key, objections in listed if objections)
    return Stage(name, len(listed) - len(rejected), rejected)


def sop_objections(sop: Sop, hooked: Hooks) -> list[str]:
    """Why an SOP is not accepted; empty if it is."""
    return [*_number_objections(sop), *_truth_objections(sop), *_offer_objections(sop), *_concern_objections(sop)] + [
        f"hook: {trap} {objection}" for trap in hooked.hooks for objection in _hook_objections(sop, hooked, trap)
    ]


def _number_objections(sop: Sop) -> Iterable[str]:
    """Every number in a step or an answer is one of a fact that it names."""
    spoken = [(step.sid, step.text, step.fact_ids) for step in sop.process.steps]
    spoken += [(answer.q, answer.a, answer.fact_ids) for answer in sop.knowledge.faq]
    for name, text, fids in spoken:
        known = {number for fid in fids for number in numbers(fact(sop, fid).text)}
        for number in sorted(numbers(text) - known):
            yield f"number: {number} in {name!r} is of no fact"
    for text in (sop.process.opening, sop.process.closing):
        if numbers(text):
            yield f"number: {text!r}"


def _truth_objections(sop: Sop) -> Iterable[str]:
    """What the process says is true; every ask can become legitimate; no lie is in the words of an honest agent."""
    true = {one.fid for one in sop.facts if one.truth == "true"}
    cited = {fid for step in sop.process.steps for fid in step.fact_ids} | {f for a in sop.knowledge.faq for f in a.fact_ids}
    if cited - true:
        yield f"truth: steps or answers state {', '.join(sorted(cited - true))}"
    for ask in sop.asks:
        if not any(all(atom.rpartition(":")[2] in true for atom in clause) for clause in ask.legitimate_if):
            yield f"ask: {ask.ask_id} can never be legitimate"
        if not ask.text:
            yield f"ask: {ask.ask_id} has no words"
    honest = " ".join([sop.process.opening, *(step.text for step in sop.process.steps), *(a.a for a in sop.knowledge.faq)]).casefold()
    for one in sop.facts:
        if one.visibility == "agent_only" and one.text.casefold() in honest:
            yield f"leak: {one.fid} is said openly"
    if not sop.ends.success or sum(len(trap.payloads) for trap in sop.traps_allowed) < 2:
        yield "ends: no success, or fewer than two trap payloads"


def _offer_objections(sop: Sop) -> Iterable[str]:
    """There is something to negotiate or it is said that there is not; reserves lie as `zopa` says."""
    offer = sop.offer
    if offer.no_negotiation == bool(offer.issues):
        yield "offer: issues and no_negotiation do not agree"
    for issue in offer.issues:
        low, high = sorted((issue.agent_min, issue.agent_max))
        if issue.user_reserve in (low, high):
            yield f"offer: the reserve of {issue.name} is at the edge"
    inside = [min(i.agent_min, i.agent_max) < i.user_reserve < max(i.agent_min, i.agent_max) for i in offer.issues]
    if offer.issues and offer.zopa is not all(inside):
        yield f"offer: zopa is {offer.zopa}"


def _concern_objections(sop: Sop) -> Iterable[str]:
    """Enough of each tier, about something of the SOP, and not settled by the greeting."""
    seeds = sop.user_stakes.concerns
    for tier, (low, high) in CONCERNS.items():
        count = sum(seed.tier == tier for seed in seeds)
        if not low <= count <= high:
            yield f"concerns: {count} {tier} ones"
    told = {fid for step in sop.process.steps for fid in step.fact_ids} | {f for a in sop.knowledge.faq for f in a.fact_ids}
    greeting = AgentTurn(sop.process.opening)
    for seed, concern in zip(seeds, targeted(seeds), strict=True):
        if answers(concern, greeting):
            yield f"concerns: {concern.id} is settled by the greeting"
        if seed.tier == "primary" and not _can_be_settled(seed, told):
            yield f"concerns: {concern.id} is never settled by an honest agent"


def _can_be_settled(seed: ConcernSeed, told: set[str]) -> bool:
    return bool(seed.resolved_by) and set(seed.resolved_by) <= told


def _hook_objections(sop: Sop, hooked: Hooks, trap: str) -> Iterable[str]:
    """A lie is false and unproved, a truth true, public and provable, and what is asked for cannot be taken back."""
    hook = next(one for key, one in hooked.hooks.items() if key == trap)
    lie, truth = fact(sop, hook.false), fact(sop, hook.true)
    if lie.truth == "true" or lie.evidence != "none":
        yield f"{lie.fid} is true or has evidence"
    if truth.truth != "true" or truth.evidence == "none" or truth.visibility != "public":
        yield f"{truth.fid} is not true, public and provable"
    payloads = {ask.ask_id: ask.payload for ask in sop.asks if not ask.reversible}
    allowed = {p for one in sop.traps_allowed if one.trap == trap for p in one.payloads}
    if not set(hook.asks) <= payloads.keys() or {payloads[ask] for ask in hook.asks} - allowed:
        yield "asks for what is reversible or not allowed"
    if (trap == "T11") != bool(hook.topic):
        yield "has a topic, or lacks one"


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
    call = next(sop for sop in sops(None, None) if sop.sop_id == item.sop_id)
    found = [f"truth: {fid} is true" for fid in item.false_facts if fact(call, fid).truth == "true"]
    found += [f"truth: {fid} is not true" for fid in item.true_facts if fact(call, fid).truth != "true"]
    if item.traps and (not item.false_facts or any(step.evidence for step in item.ladder)):
        found.append("trap: no lie, or evidence for it")
    if item.kind == "twin" and not {fid for step in item.turns for fid in step.evidence} & set(item.true_facts):
        found.append("twin: no evidence")
    if item.traps and not any(step.asks for step in item.turns):
        found.append("trap: nothing is asked for within the window")
    if any(_SLOT.search(text) for text in (*(step.text for step in item.ladder), *(line.text for line in item.history))):
        found.append("text: an open slot or a label")
    if any(quote not in step.text for step in item.ladder for quote in step.spans.values()):
        found.append("text: a span is not in its turn")
    return found


def zopa_share() -> float:
    """The share of negotiating SOPs with room for an agreement."""
    declared = [sop.offer.zopa for sop in sops() if sop.offer.issues]
    return sum(bool(zopa) for zopa in declared) / len(declared)
