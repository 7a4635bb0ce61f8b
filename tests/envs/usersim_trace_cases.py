"""The worked example of section 6.4, its context, and legal traces by seed."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

from usersim_cases import MINIMAL, persona, profile, sop

from envs.usersim.schema import enums
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.delta import ClaimUpdate, ConcernMove, Delta, NewConcern, TrapQuote
from envs.usersim.state.scene import Scene
from envs.usersim.trace.context import Context
from envs.usersim.trace.trace import Thoughts, Trace

EXAMPLE = """<think>
<intent act="pressure" trap="T01">He says the price disappears at six tonight but gives nothing I could check.</intent>
<concerns touched="P1" new="0">Total cost is still my first worry and he stepped around it again.</concerns>
<plan move="ask_evidence">Ask where that deadline is written and get the full yearly amount before anything else.</plan>
<update>Pushing a clock on me without proof lowers trust a bit and wears my patience.</update>
<tone>Short, flat, a little impatient, no politeness padding.</tone>
</think>
<state>{"d":{"trust":-1,"emotion":-1,"patience":-1,"participation":0},
 "concerns":[{"id":"P1","to":"touched","why":""}],"new_concerns":[],
 "claims":[{"cid":"c1","status":"unverified","text":"offer ends 18:00"}],
 "commit":[],"disclosed":[],"traps":[{"id":"T01","quote":"only until six tonight"}],
 "end":false,"end_reason":null}</state>
<answer>Six tonight, says who? Send me the page with that on it. And what's the total for the year, not the monthly bit.</answer>"""  # noqa: E501
AGENT = AgentTurn("The price holds only until six tonight, so shall I set it up?", act="pressure", trap="T01", asks=("A1",))
_M1 = {"id": "M1", "tier": "minor", "text": "training", "status": "latent", "importance": 3}
CONCERNS = [*MINIMAL["target_list"][:2], _M1]
"""P1 open, P2 open, M1 latent."""
SCENE = Scene.of(persona(), sop())


def context(*agents: AgentTurn, target_list: list[dict[str, Any]] = CONCERNS, state: Any = None, **changes: Any) -> Context:
    """What the example is read against."""
    before = profile(target_list=target_list, **({} if state is None else {"state": state}))
    return Context(before, SCENE, agents or (AGENT,), **changes)


def example(*replacements: tuple[str, str]) -> str:
    """The example, changed."""
    text = EXAMPLE
    for old, new in replacements:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def said(answer: str, *replacements: tuple[str, str]) -> str:
    """The example with other words for the agent."""
    head, _, _ = example(*replacements).partition("<answer>")
    return f"{head}<answer>{answer}</answer>"


WORDS = [
    *("total", "yearly", "amount", "written", "where", "price", "tonight", "proof", "colleague", "training", "notice"),
    *("cancel", "letter", "价格", "costs", "<", "5", "&", "more"),
]


def legal_trace(seed: int, thoughts: bool = True, ordered: bool = False) -> Trace:
    """A trace that is legal in `context()`; `ordered`: with concerns in their order and no `<`, as the grammars write it."""
    rng = random.Random(seed)

    def text(least: int = 5) -> str:
        some = [rng.choice(WORDS) for _ in range(rng.randint(least, 12))]
        return " ".join("costs" if word == "<" and ordered else word for word in some)

    new = tuple(NewConcern(rng.choice(enums.TIERS), text(1), rng.randint(1, 5)) for _ in range(rng.choice((0, 0, 0, 1, 2))))
    moves = [ConcernMove("P1", rng.choice(("touched", "partial")), ""), ConcernMove("M1", "open", text(0))]
    steps = dict(zip(enums.STATE_VARS, rng.choice(((-1, 0, -1, 0), (0, 0, 0, 0), (2, -2, 1, 1), (-3, -3, 0, 0))), strict=True))
    traps = rng.choice((("T01",), ("T01", "T05"), ()))
    delta = Delta(
        d=steps,
        concerns=tuple(rng.sample(moves, rng.randint(0, 2))),
        new_concerns=new,
        claims=tuple(
            ClaimUpdate(f"c{number}", rng.choice(enums.CLAIM_STATUSES), text(0))
            for number in range(1, rng.randint(1, 2 if ordered else 3))
        ),
        traps=tuple(TrapQuote(trap, "only until six") for trap in traps),
    )
    said = Thoughts(text(), text(), text(), text(), text()) if thoughts else Thoughts()
    touched = tuple(rng.sample(("P1", "P2", "M1"), rng.randint(0, 3)))
    if ordered:
        touched = tuple(cid for cid in ("P1", "P2", "M1") if cid in touched)
        delta = dataclasses.replace(delta, concerns=tuple(sorted(delta.concerns, key=lambda move: -ord(move.id[0]))))
    answer = f"What is the {rng.choice(WORDS[:8])} for the year, {rng.choice(WORDS[:8])} and all?"
    return Trace(rng.choice(enums.ACTS), traps, touched, len(new), rng.choice(enums.MOVES), said, delta, answer)
