"""TauGym: serve customers with tools on a database. See `gym.py` for the rules, `retail` and `airline` for the worlds."""

from __future__ import annotations

from envs.registry import Entry, register
from envs.tau.baselines import baselines
from envs.tau.demonstrations import demonstrations
from envs.tau.expert import Demonstrator, Oracle
from envs.tau.gym import TauGym
from envs.tau.loader import load
from envs.tau.task import TauTask
from envs.tau.user import TauUser
from envs.tau.wording import STOP

register(
    Entry(
        gym=TauGym,
        load=load,
        scripted={"agent": Oracle, "user": TauUser},
        demonstrations=demonstrations,
        demonstrator=Demonstrator,
        baselines=baselines,
        presets={"userrl": {"show_policy": False, "finish_evaluates": False, "strict": False, "show_reward": "train"}},
        task=TauTask,
        ending=STOP,
    )
)
