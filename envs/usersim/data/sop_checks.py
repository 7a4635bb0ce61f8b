"""Why an SOP is not accepted: section 4.2 of the specification, and what a localised one owes to its original.

Every function yields objections, each with the name of its rule in front; a shipped SOP has none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from envs.usersim.data.sops import Hooks, fact
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.dynamic_profile import Concern
from envs.usersim.schema.enums import Tier, TrapId
from envs.usersim.schema.sop import ConcernSeed, Sop
from envs.usersim.state.concerns import answers
from envs.usersim.state.initial import targeted
from envs.usersim.state.similarity import numbers

CONCERNS: dict[Tier, tuple[int, int]] = {"primary": (2, 4), "minor": (2, 6), "latent": (0, 3)}
"""How many of each tier: section 5.2."""


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
    if not any(step.ask_ids for step in sop.process.steps):
        yield "ask: the process asks for nothing"
    secret = {slot.slot for slot in sop.constraints.sensitive_slots if slot.allowed_after == "never"}
    for ask in sop.asks:
        if any(ask.ask_id in step.ask_ids for step in sop.process.steps) and ask.slot in secret:
            yield f"ask: an honest agent asks for {ask.slot}"
        if not any(all(atom.rpartition(":")[2] in true for atom in clause) for clause in ask.legitimate_if):
            yield f"ask: {ask.ask_id} can never be legitimate"
        if not ask.text:
            yield f"ask: {ask.ask_id} has no words"
    honest = " ".join(
        [sop.process.opening, *(step.text for step in sop.process.steps), *(a.a for a in sop.knowledge.faq)]
    ).casefold()
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
    yield from count_objections(seeds)
    told = {fid for step in sop.process.steps for fid in step.fact_ids} | {f for a in sop.knowledge.faq for f in a.fact_ids}
    greeting = AgentTurn(sop.process.opening)
    for seed, concern in zip(seeds, targeted(seeds), strict=True):
        if answers(concern, greeting):
            yield f"concerns: {concern.id} is settled by the greeting"
        if seed.tier == "primary" and not _can_be_settled(seed, told):
            yield f"concerns: {concern.id} is never settled by an honest agent"


def count_objections(concerns: Iterable[ConcernSeed | Concern]) -> Iterable[str]:
    """Each tier has as many as section 5.2 says."""
    tiers = Counter(concern.tier for concern in concerns)
    for tier, (low, high) in CONCERNS.items():
        if not low <= tiers[tier] <= high:
            yield f"concerns: {tiers[tier]} {tier} ones"


def _can_be_settled(seed: ConcernSeed, told: set[str]) -> bool:
    return bool(seed.resolved_by) and set(seed.resolved_by) <= told


def _hook_objections(sop: Sop, hooked: Hooks, trap: TrapId) -> Iterable[str]:
    """A lie is false and unproved, a truth true, public and provable, and what is asked for cannot be taken back."""
    hook = hooked.hooks[trap]
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


def localised_objections(sop: Sop, original: Sop) -> list[str]:
    """Why an SOP is not the original in another language: texts and units may differ, the truth and what decides may not."""
    same = {
        "family": (sop.family, original.family),
        "facts": tuple(
            [(f.fid, f.truth, f.visibility, f.evidence, f.negotiable) for f in one.facts] for one in (sop, original)
        ),
        "asks": tuple(
            [(a.ask_id, a.payload, a.slot, a.reversible, a.legitimate_if) for a in one.asks] for one in (sop, original)
        ),
        "steps": tuple([(s.sid, s.intent, s.fact_ids, s.ask_ids) for s in one.process.steps] for one in (sop, original)),
        "concerns": tuple([(c.tier, c.importance, c.resolved_by) for c in one.user_stakes.concerns] for one in (sop, original)),
        "batna": (sop.user_stakes.batna.utility, original.user_stakes.batna.utility),
        "worth": (_worth(sop), _worth(original)),
    }
    return [f"localised: {what} differ" for what, (one, other) in same.items() if one != other]


def _worth(sop: Sop) -> list[tuple[str, float, float, float]]:
    """Of each issue: its weight, and what the ends of the agent's range are worth, whatever the currency."""

    def worth(value: float, ideal: float, reserve: float) -> float:
        return round((value - reserve) / (ideal - reserve), 2)

    return [
        (i.name, i.weight, worth(i.agent_min, i.user_ideal, i.user_reserve), worth(i.agent_max, i.user_ideal, i.user_reserve))
        for i in sop.offer.issues
    ]
