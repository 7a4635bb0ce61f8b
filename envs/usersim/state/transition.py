"""T: the dynamic profile after an agent's turn and the user's answer to it. Section 5.4 of the specification.

Order: what the agent brought; 1 tick; 2 claims; 3 state; 4 concerns; 5 and 6 ledgers with the concession curve; 7 end test.

Invariants
- A pure function: the same inputs give the same profile, so a conversation is replayed exactly from its turns.
- The state is bounded: values 0 to 10, at most ten concerns, `MOST_ENTRIES` in every ledger.
- A delta that rewrites the profile (`Delta.rewrite`) is taken over as `rewriting` says; time goes on all the same.
- A user proposes and T disposes: what is not allowed changes nothing and is named in `Report.rejected`. Only deltas out of
  range, which the parser never lets through, raise ValueError, as does a turn after the end.
- An illegal end ends the conversation all the same (a person who hangs up is gone); `Report.premature` says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.delta import MOST_STEP, MOST_STEPS, Delta
from envs.usersim.schema.dynamic_profile import Clock, Concern, DecisionPolicy, DynamicProfile, Ended, State
from envs.usersim.schema.enums import EndReason, Move
from envs.usersim.state.architecture import updates
from envs.usersim.state.concerns import Answers, added, answers, hear, moved
from envs.usersim.state.ending import LOW, OUT, OVERSTAY, reasons
from envs.usersim.state.entries import claimed, entered, heard
from envs.usersim.state.rewriting import planned, relisted, reminded, restated
from envs.usersim.state.scene import Scene

MOST = 10
"""Of every state value."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the transition found besides the new profile."""

    rejected: tuple[str, ...]
    """What the user proposed and was not allowed."""
    holding: frozenset[EndReason]
    """The reasons to end that held."""
    premature: bool
    """The user ended without a reason that holds."""
    overstay: bool
    """The runtime ended what the user should have."""


def advance(
    before: DynamicProfile,
    agent: AgentTurn,
    delta: Delta,
    scene: Scene,
    *,
    utterance: str,
    move: Move,
    touched: Sequence[str] = (),
    excited: bool = True,
    test: Answers = answers,
) -> tuple[DynamicProfile, Report]:
    """The profile after a user's turn. `excited`: whether the gate allows new concerns; `test`: the resolution test."""
    after, rejected = _changed(before, agent, delta, scene, utterance, move, excited, test)
    holding, clock = reasons(after, agent, move), after.clock
    out = before.clock.out_turns + 1 if not holding.isdisjoint(OUT) else 0
    overstay = not delta.end and out >= OVERSTAY
    ended: Ended | None = (delta.end_reason or "no_reason") if delta.end else "overstay" if overstay else None
    if ended is not None or out != clock.out_turns:
        clock = clock.but(out_turns=out, ended=ended)
    policy = before.decision_policy
    if updates(before.architecture):
        policy = _policy(policy, after.target_list, move, touched, bool(holding))
        if delta.rewrite is not None:
            policy = planned(policy, delta.rewrite, after)
            after = after.but(scenario_memory=reminded(before.scenario_memory, delta.rewrite))
    premature = delta.end and delta.end_reason not in holding
    return after.but(decision_policy=policy, clock=clock), Report(tuple(rejected), holding, premature, overstay)


def reasons_after(
    before: DynamicProfile,
    agent: AgentTurn,
    delta: Delta,
    scene: Scene,
    *,
    utterance: str,
    move: Move,
    test: Answers = answers,
) -> frozenset[EndReason]:
    """`Report.holding` alone, for less."""
    return reasons(_changed(before, agent, delta, scene, utterance, move, True, test)[0], agent, move)


def _changed(
    before: DynamicProfile,
    agent: AgentTurn,
    delta: Delta,
    scene: Scene,
    utterance: str,
    move: Move,
    excited: bool,
    test: Answers,
) -> tuple[DynamicProfile, list[str]]:
    """The profile after a turn, but for its policy and its end; and what was rejected."""
    _check(before, delta)
    turn, rejected = before.turn + 1, list[str]()
    felt = updates(before.architecture)
    ledgers = heard(before.ledgers, agent, scene, before.utilities, turn)
    concerns = tuple(hear(concern, agent, test) for concern in before.target_list)
    ticked, clock = _tick(before, turn, scene) if felt else (before.state, before.clock)
    ledgers = claimed(ledgers, delta.claims, scene, turn, rejected)
    state = _felt(ticked, delta) if felt else before.state
    concerns = _concerns(concerns, delta, felt, excited and ticked.patience > LOW, rejected)
    ledgers = entered(ledgers, delta, utterance, move, agent, scene, before.utilities, turn, rejected)
    return before.but(turn=turn, state=state, target_list=concerns, ledgers=ledgers, clock=clock), rejected


def _check(before: DynamicProfile, delta: Delta) -> None:
    steps = list(map(abs, delta.d.values()))
    if delta.rewrite is None and (max(steps) > MOST_STEP or sum(steps) > MOST_STEPS):
        raise ValueError(f"the deltas {delta.d} are out of range: at most {MOST_STEP} each and {MOST_STEPS} in all")
    if before.clock.ended is not None:
        raise ValueError(f"the conversation has ended: {before.clock.ended}")


def _tick(before: DynamicProfile, turn: int, scene: Scene) -> tuple[State, Clock]:
    """Patience wears off and life interrupts, whatever is said."""
    worn = turn % scene.tau == 0
    interrupted = turn in before.clock.interrupt_at
    if not worn and not interrupted:
        return before.state, before.clock
    state = before.state
    changes = {"patience": max(state.patience - worn, 0), "participation": max(state.participation - interrupted, 0)}
    return state.but(**changes), before.clock.but(ticks=before.clock.ticks + worn)


def _felt(state: State, delta: Delta) -> State:
    felt = {name: min(max(getattr(state, name) + step, 0), MOST) for name, step in delta.d.items() if step}
    return state.but(**felt) if felt else state


def _concerns(
    concerns: tuple[Concern, ...], delta: Delta, felt: bool, may_add: bool, rejected: list[str]
) -> tuple[Concern, ...]:
    """`felt`: whether the user is shown what becomes of them; if not, none is woken or added."""
    if delta.rewrite is not None:
        return relisted(concerns, delta.rewrite, may_add, rejected) if felt else restated(concerns, delta.rewrite)
    table = {concern.id: concern for concern in concerns}
    for move in delta.concerns:
        concern = table.get(move.id)
        after = moved(concern, move) if concern and (felt or concern.status != "latent") else None
        if after is None:
            rejected.append(f"concern {move.id} {move.to}")
        else:
            table[move.id] = after
    new = added(tuple(table.values()), delta.new_concerns) if felt and may_add and delta.new_concerns else ()
    rejected += ["new concern"] * (len(delta.new_concerns) - len(new))
    return (*table.values(), *new)


def _policy(
    before: DecisionPolicy, concerns: Sequence[Concern], move: Move, touched: Sequence[str], end_ok: bool
) -> DecisionPolicy:
    """The core issue is the weightiest concern that is neither settled nor hidden; a tie goes to the first."""
    core, most = "", 0
    for concern in concerns:
        if concern.importance > most and concern.status in ("open", "touched", "partial"):
            core, most = concern.id, concern.importance
    return before.but(touched=tuple(touched), core_issue=core, next_move=move, end_ok=end_ok)
