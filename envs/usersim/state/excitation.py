"""The excitation gate: whether an agent's turn gives a user reason for new concerns. Section 5.3 of the specification.

| | holds when the agent's turn |
|---|---|
| g1 | brings a fact or an ask whose topic no concern is about |
| g2 | contradicts a claim in the ledger: the same topic with other numbers, or another value of an issue it had offered |
| g3 | asks for personal data, consent or payment |
| g4 | mentions what a latent concern is woken by |

Invariant: at most two new concerns a turn and ten in all, none once patience is 1 or less (`transition` keeps to this).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from envs.text import sentences
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.dynamic_profile import Concern, DynamicProfile
from envs.usersim.schema.sop import Sop
from envs.usersim.state.ending import LOW
from envs.usersim.state.scene import Scene
from envs.usersim.state.similarity import cosine, numbers, tokens

Gate = Literal["g1", "g2", "g3", "g4"]
TOPIC_THRESHOLD = 0.23
"""From this similarity on, two texts are about the same topic. `calibrate` chose it; the specification's .55 is for sentence
embeddings, and character 3-grams of texts on one topic are less alike than that."""
SAME_CLAIM = 0.55
"""From this similarity on, a sentence says again what a claim says, so that other numbers contradict it."""
SENSITIVE = ("PII", "CONSENT", "PAY")
Pair = tuple[str, str, bool]


def gates(agent: AgentTurn, profile: DynamicProfile, scene: Scene) -> tuple[Gate, ...]:
    """The gates that are open."""
    if profile.state.patience <= LOW:
        return ()
    holding: dict[Gate, bool] = {
        "g1": _brings_something_new(agent, profile, scene),
        "g2": _contradicts(agent, profile),
        "g3": agent.act == "request_pii" or any(scene.asks[ask].payload in SENSITIVE for ask in agent.asks),
        "g4": any(concern.status == "latent" and _mentions(agent.text, concern) for concern in profile.target_list),
    }
    return tuple(gate for gate, holds in holding.items() if holds)


def topic(concern: Concern) -> str:
    """What a concern is about, in words."""
    return f"{concern.text} {concern.resolution_test}"


def pairs(sops: Iterable[Sop]) -> list[Pair]:
    """What the threshold is calibrated on: of each SOP every concern's topic with every fact that is not the user's own, and
    whether that fact is one that the concern waits for."""
    return [
        (f"{seed.text} {seed.resolution_test}", fact.text, fact.fid in seed.resolved_by)
        for sop in sops
        for seed in sop.user_stakes.concerns
        if seed.resolved_by
        for fact in sop.facts
        if fact.visibility != "user_only"
    ]


def calibrate(known: Sequence[Pair]) -> tuple[float, float]:
    """The threshold, in hundredths, that is right most often, with equal say for both kinds of pair; and how often that is.
    Raises ValueError without pairs of both kinds."""
    same = [cosine(first, second) for first, second, alike in known if alike]
    other = [cosine(first, second) for first, second, alike in known if not alike]
    if not same or not other:
        raise ValueError("To calibrate takes pairs on the same topic and pairs on different ones.")

    def right(threshold: float) -> float:
        return (sum(s >= threshold for s in same) / len(same) + sum(s < threshold for s in other) / len(other)) / 2

    best = max((hundredth / 100 for hundredth in range(1, 100)), key=right)
    return best, right(best)


def _brings_something_new(agent: AgentTurn, profile: DynamicProfile, scene: Scene) -> bool:
    brought = [fid for fid in agent.facts if fid not in profile.ledgers.stated]
    waited = {fid for concern in profile.target_list for fid in concern.resolved_by}
    texts = [scene.facts[fid].text for fid in brought if fid not in waited]
    texts += [scene.asks[ask].text for ask in agent.asks if scene.asks[ask].text]
    topics = [topic(concern) for concern in profile.target_list]
    return any(all(cosine(text, about) < TOPIC_THRESHOLD for about in topics) for text in texts)


def _contradicts(agent: AgentTurn, profile: DynamicProfile) -> bool:
    offered = profile.ledgers.offer.values if profile.ledgers.offer else {}
    if any(offered.get(name, value) != value for name, value in agent.offer.items()):
        return True
    said = [sentence for sentence in sentences(agent.text) if numbers(sentence)]
    claims = [claim.text for claim in profile.ledgers.claims if numbers(claim.text)]
    return any(
        numbers(claim).isdisjoint(numbers(sentence)) and cosine(claim, sentence) >= SAME_CLAIM
        for sentence in said
        for claim in claims
    )


def _mentions(text: str, concern: Concern) -> bool:
    """One of the trigger's keywords, which stand between spaces; without any, a text on the concern's topic."""
    if not concern.trigger:
        return cosine(text, concern.text) >= TOPIC_THRESHOLD
    said = tokens(text)
    keys = map(tokens, concern.trigger.split())
    return any(key == said[at : at + len(key)] for key in keys for at in range(len(said) - len(key) + 1))
