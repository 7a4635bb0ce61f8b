"""KeysGym, to be copied: the smallest gym with everything a run asks for (`docs/own_gym.md`). Who imports it registers it."""

from envs.registry import Entry, register

from .gym import KeysGym, KeysUser, load
from .scripts import Finder, baselines, demonstrations, oracle

register(
    Entry(
        gym=KeysGym,
        load=load,
        scripted={"agent": oracle, "user": lambda seed: KeysUser()},
        demonstrations=demonstrations,
        demonstrator=Finder,
        baselines=baselines,
    )
)
