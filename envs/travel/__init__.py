"""TravelGym: find out wishes, search, recommend. See `gym.py` for the rules and `grammar.py` for the language."""

from __future__ import annotations

from envs.registry import Entry, register
from envs.travel.baselines import baselines
from envs.travel.demonstrations import demonstrations
from envs.travel.expert import Demonstrator, Oracle
from envs.travel.gym import TravelGym
from envs.travel.loader import load
from envs.travel.task import TravelTask
from envs.travel.user import TravelUser

_USERRL = {"search_failure_interval": 5, "strict": False, "calls": "userrl", "prompt": "full"}

register(
    Entry(
        gym=TravelGym,
        load=load,
        scripted={"agent": Oracle, "user": TravelUser},
        demonstrations=demonstrations,
        demonstrator=Demonstrator,
        baselines=baselines,
        presets={
            "userrl": {**_USERRL, "search_reward": 0.0, "preference_reward": 0.8, "show_reward": "train"},
            "userrl_eval": {**_USERRL, "search_reward": 0.2, "preference_reward": 0.6},
        },
        task=TravelTask,
    )
)
