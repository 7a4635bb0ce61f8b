"""The contract of gyms (`gym_contract`), for each that is registered."""

import pytest
from gym_contract import CHECKS, TASKS, played

import envs
from envs import registry

SOURCES = [(name, source) for name in envs.gyms() for source in registry.sources(name) if source != "tau_bench"]
"""Every list a gym has, but the one of a package that is not here; its customers are told in free words besides."""


@pytest.mark.parametrize("rule", CHECKS, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("name", envs.gyms())
def test_every_gym_keeps_the_contract(name, rule):
    rule(name)


@pytest.mark.parametrize(("name", "source"), SOURCES)
def test_the_oracle_is_one_for_every_list(name, source):
    script = registry.entry(name).baselines(envs.load(name, "train", source=source)[:300])["oracle"]
    tasks = envs.load(name, "heldout", source=source)[:TASKS]
    assert sum(played(name, task, script(seed)).score for seed, task in enumerate(tasks)) >= 0.9 * len(tasks) > 0
