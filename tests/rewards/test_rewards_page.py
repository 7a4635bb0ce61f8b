"""docs/rewards.md names what there is, and its example is taken."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import yaml

from rewards.config import EstimatorName, RewardsConfig, TurnCostConfig

PAGE = (Path(__file__).parents[2] / "docs" / "rewards.md").read_text()


def rows(header: str) -> list[str]:
    """First cells of the table under this header cell, without what stands behind the name."""
    table = PAGE.split(f"| `{header}` |")[1].split("\n\n")[0]
    return re.findall(r"^\| `(\w+)`", table, re.MULTILINE)


def test_the_tables_hold_every_choice():
    assert sorted(rows("rewards.estimator")) == sorted(get_args(EstimatorName))
    assert rows("rewards.combine") == list(get_args(RewardsConfig.model_fields["combine"].annotation))


def test_the_example_is_a_configuration():
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    cost = RewardsConfig.model_validate(yaml.safe_load(example)["rewards"]).turn_cost
    assert cost.charges and cost.gate == "pass_rate"


def test_the_budget_it_tells_of_is_a_configuration():
    budget = TurnCostConfig.model_validate(yaml.safe_load(re.search(r"`(budget: .*?)`", PAGE)[1])).budget
    assert f"`rate` ({budget.rate:.0e})".replace("e-0", "e-") in PAGE and f"`most` ({budget.most})" in PAGE


def test_defaults_are_the_ones_marked():
    config = RewardsConfig()
    assert f"| `{config.estimator}` (default) |" in PAGE and f"| `{config.combine}` (default) |" in PAGE
