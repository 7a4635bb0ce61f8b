import asyncio
import warnings

import gymnasium
import pytest
from envs_cases import ask, task
from gymnasium.utils.env_checker import check_env

import envs
from envs.base import Utterance, View
from envs.gymnasium_adapter import ParleyEnv


@pytest.fixture
def env():
    made = gymnasium.make("envs.gymnasium_adapter:parley/IntentionGym-v0", prompt="short", render_mode="ansi")
    yield made
    made.close()


@pytest.mark.parametrize("name", envs.gyms())
def test_gymnasiums_own_check_passes(name):
    made = gymnasium.make(f"envs.gymnasium_adapter:parley/{name}-v0", prompt="short", render_mode="ansi")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(made.unwrapped)
    made.close()


def test_an_episode(env):
    observation, info = env.reset(options={"task": task()})
    assert observation == "Ask.\nI need a party with color red." and info["task_id"] == "party"
    observation, reward, terminated, truncated, info = env.step(ask("date"))
    assert (observation, reward, terminated, truncated, info["score"]) == (
        "With date june.",
        0.5,
        False,
        False,
        pytest.approx(5 / 21),
    )
    assert env.step("ünïcode 💬")[1] == 0
    assert env.step("[action] ask\n[finish]")[0].startswith("One call")
    assert "user: With date june." in env.render()
    assert env.step("[finish]")[2]


def test_seeds_decide_the_task(env):
    assert env.reset(seed=5) == env.reset(seed=5)
    assert env.reset(seed=5)[1] != env.reset(seed=6)[1]


def test_it_works_inside_an_event_loop_with_a_partner_that_waits():
    class Slow:
        async def speak(self, view: View) -> Utterance:
            await asyncio.sleep(0.001)
            return Utterance("With date june.")

    async def inside():
        made = ParleyEnv("IntentionGym", partner=Slow(), prompt="short")
        made.reset(options={"task": task()})
        reply = made.step(ask("date"))[0]
        made.close()
        made.close()
        return reply

    assert asyncio.run(inside()) == "With date june."
