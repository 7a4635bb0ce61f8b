"""The contract of gyms (`gym_contract`), for each that is registered."""

import pytest
from gym_contract import CHECKS

import envs


@pytest.mark.parametrize("rule", CHECKS, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("name", envs.gyms())
def test_every_gym_keeps_the_contract(name, rule):
    rule(name)
