from __future__ import annotations

import pytest

import envs
from cluster.errors import UserError
from cluster.groups.tasks import TaskSource, check, heldout_tasks

GYMS = {"IntentionGym": 1.0}


def test_a_groups_task_depends_on_seed_and_id_alone():
    forwards, backwards = TaskSource(GYMS, 3), TaskSource(GYMS, 3)
    ids = list(range(50))
    assert [forwards.task(i).id for i in ids] == [backwards.task(i).id for i in reversed(ids)][::-1]
    assert [forwards.task(i).id for i in ids] != [TaskSource(GYMS, 4).task(i).id for i in ids]


def test_every_task_comes_once_per_epoch_and_the_next_epoch_has_another_order():
    source, tasks = TaskSource(GYMS, 0), len(envs.load("IntentionGym", "train"))
    first = [source.task(i).id for i in range(tasks)]
    second = [source.task(i).id for i in range(tasks, 2 * tasks)]
    assert len(set(first)) == tasks
    assert set(first) == set(second)
    assert first != second


def test_a_mixture_draws_gyms_by_weight_and_each_gym_goes_through_its_own_tasks():
    source = TaskSource({"IntentionGym": 1.0, "TelepathyGym": 3.0}, 5, {"TelepathyGym": {"source": "handwritten"}})
    drawn = [source.task(i) for i in range(600)]
    share = sum(task.gym == "TelepathyGym" for task in drawn) / len(drawn)
    assert 0.70 < share < 0.80
    things = [task.hidden.name for task in drawn if task.gym == "TelepathyGym"]
    epoch = len(envs.load("TelepathyGym", "train", source="handwritten"))
    assert len(set(things[:epoch])) == epoch == len(set(things[epoch : 2 * epoch])), "its options count, and its epochs"
    assert len({task.id for task in drawn if task.gym == "IntentionGym"}) == 600 - len(things)


def test_each_gym_has_as_many_heldout_tasks_as_are_asked_for():
    tasks = heldout_tasks({"TelepathyGym": 2, "IntentionGym": 3}, {"TelepathyGym": {"source": "handwritten"}})
    assert [task.gym for task in tasks] == ["IntentionGym"] * 3 + ["TelepathyGym"] * 2
    assert {task.split for task in tasks} == {"heldout"} and tasks[-1].source == "handwritten"


def test_heldout_tasks_are_never_trained_on():
    source = TaskSource(GYMS, 0)
    trained = {source.task(i).visible.request for i in range(4000)}
    assert not trained & {task.visible.request for task in heldout_tasks({"IntentionGym": 200})}


def test_what_is_held_out_for_good_cannot_be_trained_on():
    check(GYMS, {"IntentionGym": {"heldout": "medical"}})
    with pytest.raises(UserError, match="nothing of it may be trained on"):
        check(GYMS, {"IntentionGym": {"source": "medical"}})
