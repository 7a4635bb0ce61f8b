"""UserSimGym: the reasoning user acts, an agent calls. See `gym.py` for the rules, `schema` for who is called about what,
`state` for what a call does to a user, `trace` for how it thinks aloud, and `traps` for what it is tried with."""

from __future__ import annotations

from envs.registry import Entry, register
from envs.usersim.agents.scripted import ScriptedAgent
from envs.usersim.baselines import baselines
from envs.usersim.demonstrations import demonstrations
from envs.usersim.gym import UserSimGym
from envs.usersim.loader import load
from envs.usersim.task import UserSimTask
from envs.usersim.traps import gym as trap_gym
from envs.usersim.users.speaker import Demonstrator, Oracle, rule_users

register(
    Entry(
        gym=UserSimGym,
        load=load,
        scripted={"user": Oracle, "agent": ScriptedAgent},
        demonstrations=demonstrations,
        demonstrator=Demonstrator,
        baselines=baselines,
        presets={"paper": {"pay": "paper"}},
        task=UserSimTask,
    )
)
register(
    Entry(
        gym=trap_gym.TrapGym,
        load=trap_gym.load,
        scripted={"user": Oracle, "agent": ScriptedAgent},
        demonstrations=lambda *_, **__: [],
        demonstrator=Oracle,
        baselines=lambda _: rule_users(),
        listed=False,
    )
)
