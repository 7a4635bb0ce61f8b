"""SearchGym: answer questions that take several searches. See `gym.py` for the rules and `world.py` for what can be found."""

from __future__ import annotations

from envs.registry import Entry, register
from envs.search.baselines import baselines
from envs.search.demonstrations import demonstrations
from envs.search.expert import Demonstrator, Oracle
from envs.search.gym import SearchGym
from envs.search.loader import load
from envs.search.task import SearchTask

register(
    Entry(
        gym=SearchGym,
        load=load,
        scripted={"agent": Oracle},  # nobody is asked: the gym answers itself
        demonstrations=demonstrations,
        demonstrator=Demonstrator,
        baselines=baselines,
        presets={"userrl": {"answers": 0, "show_reward": "train"}},
        task=SearchTask,
    )
)
