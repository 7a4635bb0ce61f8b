"""TelepathyGym: find out what somebody thinks of. See `gym.py` for the rules and `grammar.py` for the language."""

from __future__ import annotations

from envs.registry import Entry, register
from envs.telepathy.baselines import baselines
from envs.telepathy.demonstrations import demonstrations
from envs.telepathy.expert import Demonstrator, Oracle
from envs.telepathy.gym import TelepathyGym
from envs.telepathy.loader import load
from envs.telepathy.task import TelepathyTask
from envs.telepathy.user import TelepathyUser

register(
    Entry(
        gym=TelepathyGym,
        load=load,
        scripted={"agent": Oracle, "user": TelepathyUser},
        demonstrations=demonstrations,
        demonstrator=Demonstrator,
        baselines=baselines,
        presets={"userrl": {"guesses": 0, "calls": "userrl", "prompt": "full", "show_reward": "train"}},
        task=TelepathyTask,
    )
)
