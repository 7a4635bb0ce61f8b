from __future__ import annotations

import envs
from cluster.groups.tasks import TaskSource, heldout_tasks

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


def test_heldout_tasks_are_never_trained_on():
    source = TaskSource(GYMS, 0)
    trained = {source.task(i).visible.request for i in range(4000)}
    assert not trained & {task.visible.request for task in heldout_tasks({"IntentionGym": 200})}
