"""IntentionGym: ask for what a vague request leaves open. See `gym.py` for the rules and `grammar.py` for the language."""

from __future__ import annotations

from envs.intention.baselines import Oracle, baselines
from envs.intention.demonstrations import demonstrations
from envs.intention.expert import Demonstrator
from envs.intention.gym import IntentionGym
from envs.intention.loader import load
from envs.intention.task import IntentionTask
from envs.intention.user import IntentionUser, contradict
from envs.registry import Entry, register

register(
    Entry(
        gym=IntentionGym,
        load=load,
        scripted={"agent": Oracle, "user": IntentionUser},
        demonstrations=demonstrations,
        demonstrator=Demonstrator,
        baselines=baselines,
        presets={"userrl": {"strict": False, "closing": False, "calls": "userrl", "prompt": "full", "show_reward": "train"}},
        task=IntentionTask,
        contradict=contradict,
    )
)
