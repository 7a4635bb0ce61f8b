"""A run that does not fit says which bundle is missing, before it starts."""

import pytest

from actors.config import PolicyConfig, SpeakerConfig, TinyModel
from cluster import preflight
from cluster.config import Config
from cluster.errors import UserError


def complaint(config, **available):
    with pytest.raises(UserError) as caught:
        preflight.check(config, available)
    return str(caught.value)


def test_the_quickstart_fits_two_cores():
    preflight.check(Config(), {"CPU": 2.0})
    assert sum(part.cpus for part in preflight.parts(Config())) <= 2


def test_the_bundle_and_what_to_lower_are_named():
    config = Config()
    config.rollout.workers = 8
    assert complaint(config, CPU=2.0) == (
        "the run needs 5.25 CPUs (8 rollout workers: 4, 1 user engine: 0.5, 1 judge: 0.25, 1 learner rank: 0.5) and the "
        "cluster has 2: lower rollout.workers from 8 to 1, or start Ray with at least 5.25 CPUs."
    )
    config.learner.ranks = 4
    assert "lower rollout.workers from 8, or start Ray" in complaint(config, CPU=2.0)
    assert complaint(Config(), CPU=1.0).endswith("and the cluster has 1: start Ray with at least 1.75 CPUs.")


def test_gpus_that_are_not_there():
    config = Config()
    config.learner.gpus_per_rank = 1
    assert complaint(config, CPU=16.0) == (
        "the run needs 1 GPUs (1 learner rank: 1) and the cluster has 0: set engine.gpus=0 and learner.gpus_per_rank=0 to "
        "run on CPUs, or start Ray with at least 1 GPUs."
    )


def test_each_frozen_model_has_its_engines_once():
    config = Config()
    user = TinyModel(tiny="user")
    config.policies["user"] = PolicyConfig(
        mix=[SpeakerConfig(model=user), SpeakerConfig(model=user, weight=2), SpeakerConfig(speaker="scripted")]
    )
    config.engine.user_actors = 3
    assert preflight.frozen_models(config) == ["tiny:user"]
    assert next(part for part in preflight.parts(config) if part.name == "user engine").actors == 3
