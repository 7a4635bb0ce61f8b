"""FunctionGym: infer a hidden arithmetic rule. See `gym.py` for the rules and `grammar.py` for the language."""

from __future__ import annotations

from envs.function.baselines import baselines
from envs.function.demonstrations import demonstrations
from envs.function.expert import Demonstrator, Oracle
from envs.function.gym import FunctionGym
from envs.function.loader import load
from envs.function.task import FunctionTask
from envs.registry import Entry, register

register(
    Entry(
        gym=FunctionGym,
        load=load,
        scripted={"agent": Oracle},  # the rule answers itself: a partner is never asked
        demonstrations=demonstrations,
        demonstrator=Demonstrator,
        baselines=baselines,
        presets={"userrl": {"answers": 0, "numbers": "any", "prompt": "full", "show_reward": "train"}},
        task=FunctionTask,
    )
)
