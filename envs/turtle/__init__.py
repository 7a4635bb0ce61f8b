"""TurtleGym: explain a strange story after asking about it. See `gym.py` for the rules and `grammar.py` for the language."""

from __future__ import annotations

from envs.registry import Entry, register
from envs.turtle.baselines import baselines
from envs.turtle.demonstrations import demonstrations
from envs.turtle.expert import Demonstrator, Oracle
from envs.turtle.gym import TurtleGym
from envs.turtle.loader import load
from envs.turtle.task import TurtleTask
from envs.turtle.user import TurtleUser

register(
    Entry(
        gym=TurtleGym,
        load=load,
        scripted={"agent": Oracle, "user": TurtleUser},
        demonstrations=demonstrations,
        demonstrator=Demonstrator,
        baselines=baselines,
        presets={"userrl": {"answers": 0, "threshold": 1.0, "calls": "userrl", "prompt": "full", "show_reward": "train"}},
        task=TurtleTask,
    )
)
