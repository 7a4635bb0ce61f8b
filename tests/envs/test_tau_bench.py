"""tau-bench's tasks, loaded and played by way of a package of its shape."""

import pytest
from tau_bench_cases import POLICY, installed

import envs
from envs.conversation import drive
from envs.tau.tau_bench import OPENING
from envs.tau.wording import STOP


@pytest.fixture(autouse=True)
def package():
    with installed():
        yield


def play(*actions, **params):
    (task,) = envs.load("TauGym", "train", source="tau_bench")
    made = envs.make("TauGym", task=task, partner=envs.ConstantSpeaker(f"Thanks. {STOP}"), judge=envs.RuleJudge(), **params)
    return made, [drive(made.step(action)) for action in actions]


def test_both_splits_are_loaded_from_their_lists():
    (train,), heldout = (envs.load("TauGym", split, source="tau_bench") for split in ("train", "heldout"))
    assert [task.visible.domain for task in (train, *heldout)] == ["tau_bench_retail", "tau_bench_retail", "tau_bench_airline"]
    assert train.hidden.instruction == "You are Ina and want your vase cancelled." and train.hidden.outputs == ("12",)
    assert [action.model_dump() for action in train.hidden.actions] == [{"name": "cancel", "arguments": {"order": "o1"}}]
    assert train.visible.opening == OPENING and len({task.id for task in (train, *heldout)}) == 3


@pytest.mark.parametrize(
    ("calls", "said", "score"),
    [(["o1"], "You get 12 back.", 1.0), (["o1"], "Done.", 0.0), (["o2"], "You get 12 back.", 0.0), ([], "12", 0.0)],
)
def test_their_database_and_outputs_decide(calls, said, score):
    actions = [f'[answer] {{"name": "cancel", "arguments": {{"order": "{order}"}}}}' for order in calls]
    made, results = play(*actions, f"[action] {said}")
    assert [result.feedback for result in results[:-1]] == [f"{order} cancelled" for order in calls]
    assert results[-1].terminated and results[-1].rewards == {"env": score} and made.score() == score


def test_each_episode_has_a_world_of_its_own_with_their_policy_and_tools():
    for _ in range(2):
        made, (listed, failed, right) = play(
            "[search] tools",
            '[answer] {"name": "cancel", "arguments": {"order": "o9"}}',
            '[answer] {"name": "cancel", "arguments": {"order": "o1"}}',
        )
        assert POLICY in made.first_view.system and "Cancels." in listed.feedback
        assert failed.feedback.startswith("Error: ") and right.feedback == "o1 cancelled"
    assert POLICY not in play(preset="userrl")[0].first_view.system
