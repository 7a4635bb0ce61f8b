"""Which calls a user plays: those of a split, once with each kind of agent, and those held in two languages.

Invariants
- Ids tell all of them apart; the honest, pushy and weak agents have the same pairs of person and SOP, the one that sets traps
  those of the bank's items.
- Of fewer calls than there are a draw is taken, the same for everybody; fewer still are among them.
- A switched call is the same person's, about the same family of SOP, by the same agent; `none` is the call that the others are
  held against.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from envs.usersim.data.culture import in_language, of_culture
from envs.usersim.data.goals import FAMILY
from envs.usersim.data.memory import memory
from envs.usersim.data.sops import HELD_OUT, domain, sops
from envs.usersim.loader import Heldout, load
from envs.usersim.metrics.switches import SWITCHES, Switch
from envs.usersim.schema.sop import Sop
from envs.usersim.task import AgentKind, UserSimTask

AGENTS: tuple[AgentKind, ...] = ("honest", "pushy", "trap", "weak")
ELSEWHERE = "zh-CN"
"""The other language, and the other culture."""
SWITCHED_BY: tuple[AgentKind, ...] = ("honest", "pushy")
"""Agents whose calls are held in both languages: what the user decides there is its own wish."""
SEEN, UNSEEN, GOAL_ALONE = MATTERS = ("seen domains", "held-out domains", "goals alone")
CALLS, SWITCHED = "calls", "switched "
"""How the table of trajectories calls the tasks; `switched language` and so on."""


def plan(split: Heldout, count: int) -> dict[str, Sequence[UserSimTask]]:
    """The tasks, by what the table of trajectories calls them; at most `count` by each agent, and again of each switch."""
    by_agent = {kind: _all(split, kind) for kind in AGENTS}
    main = [task for tasks in by_agent.values() for task in _drawn(tasks, count, split)]
    plain = [task for kind in SWITCHED_BY for task in _drawn(_bilingual(by_agent[kind]), count, split)]
    switched = {f"{SWITCHED}{one}": [_switched(task, one) for task in plain] for one in SWITCHES if plain}
    return {CALLS: main, **switched}


def matter(task: UserSimTask) -> str:
    """What kind of matter a call is about: of a domain that training has, of one that it has not, or no SOP's at all."""
    if task.sop.family == FAMILY:
        return GOAL_ALONE
    return UNSEEN if domain(task.sop) in HELD_OUT else SEEN


def switch_of(tasks: str) -> Switch | None:
    """What was switched in the calls of a name; None of the others."""
    return next((one for one in SWITCHES if tasks == f"{SWITCHED}{one}"), None)


def _all(split: Heldout, agent: AgentKind) -> list[UserSimTask]:
    tasks = load("heldout", heldout=split, agent=agent)
    return [task.model_copy(update={"id": f"{split}.{agent}.{at:03d}"}) for at, task in enumerate(tasks)]


def _drawn(tasks: Sequence[UserSimTask], count: int, split: Heldout) -> list[UserSimTask]:
    """So many of them, in their order."""
    places = random.Random(f"usersim calls {split}").sample(range(len(tasks)), len(tasks))
    return [tasks[place] for place in sorted(places[:count])]


def _bilingual(tasks: Sequence[UserSimTask]) -> list[UserSimTask]:
    """Those that are also written in the other language."""
    there = _twins()
    return [task for task in tasks if task.sop.sop_id in there]


def _twins() -> Mapping[str, Sop]:
    """SOP -> the same SOP elsewhere."""
    families = {one.family: one for one in sops(None, ELSEWHERE)}
    return {one.sop_id: families[one.family] for one in sops(None, "en-US") if one.family in families}


def _switched(task: UserSimTask, switch: Switch) -> UserSimTask:
    person, sop = task.persona, task.sop
    if switch in ("culture", "both"):
        person = of_culture(person, ELSEWHERE)
    if switch in ("language", "both"):
        person, sop = in_language(person, ELSEWHERE), _twins()[sop.sop_id]
    changed = {"persona": person, "sop": sop, "memory": memory(person, sop), "id": f"{task.id}.{switch}"}
    return task.model_copy(update=changed)
