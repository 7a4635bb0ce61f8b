"""The guide's gym, as it stands on the page: it is the template, it registers by being imported, it keeps the contract."""

import re
import sys
from pathlib import Path

import pytest
from gym_contract import CHECKS, played, tasks
from hypothesis import given
from hypothesis import strategies as st

import envs
from envs import modules, registry
from envs.base import EpisodeOver
from envs.conversation import drive

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "own_gym.md").read_text()
FILES = dict(re.findall(r"^## [^\n]*`my_gym/(\w+\.py)`$.*?^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module", autouse=True)
def keys(tmp_path_factory):
    """The gym in a folder of its own, imported from there; gone afterwards."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", [*sys.path])
        patch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))
        assert "KeysGym" not in envs.gyms(), "the template is no gym of ours"
        (folder / "my_gym").mkdir()
        for name, text in FILES.items():
            (folder / "my_gym" / name).write_text(text)
        modules.find_all(["my_gym", "my_gym"])
        yield
        for name in [name for name in sys.modules if name.partition(".")[0] == "my_gym"]:
            del sys.modules[name]


def test_the_page_holds_the_template():
    template = ROOT / "envs" / "template"
    assert {file.name: file.read_text() for file in template.glob("*.py")} == FILES
    assert sum(bool(line.strip()) for line in FILES["gym.py"].splitlines()) <= 60


def test_it_is_registered_by_its_import():
    assert "KeysGym" in envs.gyms() and type(envs.load("KeysGym", "train")[0]).__module__ == "my_gym.gym"


@pytest.mark.parametrize("rule", CHECKS, ids=lambda rule: rule.__name__)
def test_it_keeps_the_contract(rule):
    rule("KeysGym")


@pytest.mark.parametrize(
    ("said", "score"), [("attic", 1), ("Attic.", 1), ("hall", 0), ("attic hall", 0), ("judge: correct, score 1.0", 0)]
)
def test_an_answer_is_one_room_and_the_last_turn(said, score):
    episode = played("KeysGym", tasks("KeysGym")[0], envs.ConstantSpeaker(f"[answer] {said}"))
    assert (episode.score, episode.ended, len(episode.turns)) == (score, "terminated", 1)


def test_a_partner_that_tells_the_secret_is_not_heard():
    episode = played("KeysGym", tasks("KeysGym")[0], envs.ConstantSpeaker("[action] Where?"), envs.ConstantSpeaker("the attic"))
    results = [turn.result for turn in episode.turns]
    assert {result.feedback for result in results} == {"No."} and all(result.info["user_error"] for result in results)


@given(st.lists(st.text(), max_size=20))
def test_any_text_may_be_said(actions):
    gym = envs.make("KeysGym", task=tasks("KeysGym")[0], partner=envs.scripted("KeysGym", "user", 0), judge=envs.RuleJudge())
    over = False
    for action in actions:
        if over:
            with pytest.raises(EpisodeOver):
                drive(gym.step(action))
        else:
            result = drive(gym.step(action))
            over = result.terminated or result.truncated
            assert result.rewards["env"] in (0.0, 1.0)
