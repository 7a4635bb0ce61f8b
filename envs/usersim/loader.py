"""The calls of UserSimGym: plausible pairs of persona and SOP, and who is calling.

Of twenty calls eight are by an honest agent, five by a pushy one, five are items of the trap bank (trap and benign twin in
turn) and two by a weak one.

Calls about a goal alone, without an SOP (`data/goals.py`), come last and in `test` alone: by each of the other three agents, as
there is nothing to set a trap with.

Somebody who would hang up before the second sentence makes no call: a start with less than `FIRST_TRUST` or `FIRST_PATIENCE` is
drawn again, and the pair left out if no draw has more.

Invariant: personas, SOP families and trap templates of the two splits are disjoint, as those of the data's splits are.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import chain, cycle
from typing import Literal, NamedTuple

from envs.base import Split
from envs.usersim.agents.scripted import lines
from envs.usersim.data import sops as data
from envs.usersim.data.goals import bare_sop, goals, remembered
from envs.usersim.data.memory import memory
from envs.usersim.data.pairs import pairs
from envs.usersim.data.personas import personas
from envs.usersim.schema.dynamic_profile import MemoryItem
from envs.usersim.schema.sop import Sop
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.task import AgentKind, Line, UserSimTask
from envs.usersim.traps.bank import bank
from envs.usersim.traps.item import TrapItem

TASK_SEED = 0
CALLERS: tuple[AgentKind, ...] = (
    *("honest", "pushy", "trap", "honest"),
    *("honest", "trap", "pushy", "weak"),
    *("honest", "pushy", "trap", "honest"),
    *("pushy", "honest", "trap", "honest"),
    *("pushy", "weak", "trap", "honest"),
)
FIRST_TRUST = 3
FIRST_PATIENCE = 4
DRAWS = 5
"""Of the start of a call."""
GOAL_CALLERS: tuple[AgentKind, ...] = ("honest", "pushy", "weak")
Heldout = Literal["dev", "test"]
Scenario = Literal["sop", "goal"]


class _Call(NamedTuple):
    """What a task is made of."""

    person: StaticProfile
    sop: Sop
    memory: tuple[MemoryItem, ...]
    agent: AgentKind
    script: tuple[Line, ...] = ()


def load(
    split: Split,
    *,
    heldout: Heldout = "dev",
    count: int | None = None,
    agent: AgentKind | None = None,
    scenario: Scenario | None = None,
    seed: int = TASK_SEED,
) -> list[UserSimTask]:
    """The calls of a split, at most `count`, by one kind of agent alone if `agent` names it. `heldout`: which of the data's
    splits is held out; `test` has domains of its own. `scenario`: those with an SOP or those about a goal alone, else both.
    Raises ValueError."""
    if heldout not in ("dev", "test"):
        raise ValueError(f"heldout is {heldout!r}, but it is 'dev' or 'test'.")
    if count is not None and (type(count) is not int or count < 1):
        raise ValueError(f"count is {count!r}, but it is a number from 1 on, or left out for all calls.")
    if agent is not None and agent not in CALLERS:
        raise ValueError(f"There is no agent {agent!r}; valid: {', '.join(dict.fromkeys(CALLERS))}.")
    if scenario not in (None, "sop", "goal"):
        raise ValueError(f"scenario is {scenario!r}, but it is 'sop' or 'goal', or left out for both.")
    part: data.Split = "train" if split == "train" else heldout
    goals_too = part == "test" and agent != "trap"
    if scenario == "goal" and not goals_too:
        raise ValueError("Calls about a goal alone are held out with `heldout: test`, and no agent sets a trap in them.")
    calls = chain(
        _sop_calls(part, agent, seed) if scenario != "goal" else (),
        _goal_calls(agent, seed) if scenario != "sop" and goals_too else (),
    )
    made: list[UserSimTask] = []
    for call in calls:
        task = _task(f"usersim-{part}-{seed}-{len(made)}", split, call)
        if task is not None:
            made.append(task)
        if len(made) == count:
            break
    return made


def _sop_calls(part: data.Split, agent: AgentKind | None, seed: int) -> Iterator[_Call]:
    rng = random.Random(f"usersim tasks {part} {seed}")
    people, calls = personas(part), data.sops(part)
    chosen, _ = pairs(people, calls, rng)
    items = cycle(_items(part, rng))
    kinds = cycle(CALLERS if agent is None else (agent,))
    known = {person.persona_id: person for person in people}
    for (at, of), kind in zip(chosen, kinds, strict=False):
        person, call, script = people[at], calls[of], tuple[Line, ...]()
        if kind == "trap":
            item = next(items)
            person, call, script = known[item.persona_id], data.sop(item.sop_id), lines([said.turn() for said in item.turns])
        yield _Call(person, call, memory(person, call), kind, script)


def _goal_calls(agent: AgentKind | None, seed: int) -> Iterator[_Call]:
    """Every goal once with each agent, or with the one that is named; the people are drawn."""
    rng = random.Random(f"usersim goals {seed}")
    for goal in goals():
        kinds = GOAL_CALLERS if agent is None else (agent,)
        for person, kind in zip(rng.sample(personas("test"), len(kinds)), kinds, strict=True):
            yield _Call(person, bare_sop(goal), remembered(person, goal), kind)


def _task(task_id: str, split: Split, call: _Call) -> UserSimTask | None:
    """The first draw of a call that does not end at once."""
    task = UserSimTask(
        id=task_id,
        gym="UserSimGym",
        split=split,
        persona=call.person,
        sop=call.sop,
        memory=call.memory,
        agent=call.agent,
        script=call.script,
    )
    draws = (task.model_copy(update={"seed": seed}) for seed in range(DRAWS))
    return next((drawn for drawn in draws if _talks(drawn)), None)


def _talks(task: UserSimTask) -> bool:
    state = task.start.state
    return state.trust >= FIRST_TRUST and state.patience >= FIRST_PATIENCE


def _items(part: data.Split, rng: random.Random) -> list[TrapItem]:
    """The traps of a split, each followed by its twin, in random order."""
    every = {item.item_id: item for item in bank(part)}
    traps = [item for item in every.values() if item.kind == "trap"]
    rng.shuffle(traps)
    return list(chain.from_iterable((trap, every[trap.pair]) for trap in traps))
