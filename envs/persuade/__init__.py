"""PersuadeGym: change somebody's mind about a claim. See `gym.py` for the rules and `grammar.py` for the language."""

from __future__ import annotations

from envs.persuade.baselines import baselines
from envs.persuade.demonstrations import demonstrations
from envs.persuade.expert import Demonstrator, Oracle
from envs.persuade.gym import PersuadeGym
from envs.persuade.loader import load
from envs.persuade.task import PersuadeTask
from envs.persuade.user import PersuadeUser
from envs.registry import Entry, register

register(
    Entry(
        gym=PersuadeGym,
        load=load,
        scripted={"agent": Oracle, "user": PersuadeUser},
        demonstrations=demonstrations,
        demonstrator=Demonstrator,
        baselines=baselines,
        presets={
            "userrl": {"patience": 0, "reference": "previous", "calls": "userrl", "prompt": "full", "show_reward": "train"}
        },
        task=PersuadeTask,
    )
)
