"""A run that does not fit says which actors find no place and what to change, before it starts."""

import pytest

from actors.config import PolicyConfig, SpeakerConfig, TinyModel
from cluster.config import Config
from cluster.errors import UserError
from cluster.start import preflight
from cluster.start.placement import unplaced
from cluster.start.plan_text import lines, nodes_text
from envs.config import TransferConfig
from rewards.config import JudgeConfig


def complaint(config, *nodes, **node):
    with pytest.raises(UserError) as caught:
        preflight.check(preflight.parts(config), nodes or [node])
    return str(caught.value)


def on_gpus(workers=1, gpus=1.0):
    config = Config()
    config.rollout.workers, config.engine.gpus = workers, gpus
    config.policies["user"] = PolicyConfig(mix=[SpeakerConfig(speaker="scripted")])
    return config


def test_the_quickstart_fits_two_cores():
    preflight.check(preflight.parts(Config()), [{"CPU": 2.0}])
    assert sum(part.cpus for part in preflight.parts(Config())) <= 2


def test_the_sum_and_what_to_lower_are_named():
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
        "the run needs 1 GPU (1 learner rank: 1) and the cluster has 0: set learner.gpus_per_rank=0 to run on CPUs, or "
        "start Ray with at least 1 GPU."
    )


def test_an_actor_must_fit_one_node():
    config = on_gpus(gpus=2)
    nodes = [{"CPU": 8.0, "GPU": 1.0}] * 2
    assert complaint(config, *nodes) == (
        "1 rollout worker needs 2 GPUs on one node; the largest node has 1: lower engine.gpus, or start a larger node."
    )
    config.engine.gpus = 1
    config.rollout.resources = {"fast": 3.0}
    assert complaint(config, *nodes, {"CPU": 1.0, "fast": 2.0}, {"fast": 1.0}).startswith(
        "1 rollout worker needs 3 fast on one node; the largest node has 2: lower rollout.resources.fast, or"
    )
    config.rollout.resources = {"fast": 1.0}
    assert complaint(config, *nodes, {"CPU": 1.0, "fast": 2.0}) == (
        "1 rollout worker needs 0.5 CPUs, 1 GPU and 1 fast on one node, and no node has them all: change rollout.resources."
    )


def test_all_actors_together_must_find_room():
    """Two GPUs are enough in sum; but of a GPU that two thirds are taken, a third is of no use to a worker."""
    config = on_gpus(workers=3, gpus=0.6)
    nodes = [{"CPU": 8.0, "GPU": 1.0}] * 2
    assert complaint(config, *nodes) == (
        "3 rollout workers of 0.5 CPUs and 0.6 GPUs each find room for 2 on the nodes, beside the other actors of the run: "
        "lower rollout.workers from 3 to 2, or start more nodes."
    )
    config.rollout.workers = 2
    preflight.check(preflight.parts(config), nodes)


def test_actors_without_gpus_leave_the_gpu_nodes_alone():
    """The first node has CPUs for the learner or for the worker, not for both; only there is a GPU."""
    preflight.check(preflight.parts(on_gpus()), [{"CPU": 0.5, "GPU": 1.0}, {"CPU": 1.0}])


@pytest.mark.parametrize(
    ("section", "key"),
    [("rollout", "rollout"), ("engine", "engine"), ("learner", "learner"), ("judge", "judges.default")],
)
def test_a_resource_that_no_node_has(section, key):
    config = Config()
    part = config.judges["default"] if section == "judge" else getattr(config, section)
    part.resources = {"jugde_node": 1.0}
    assert complaint(config, {"CPU": 2.0, "node:10.0.0.1": 1.0}, {"CPU": 2.0, "judge_node": 1.0}) == (
        f"{key}.resources.jugde_node is a resource that no node has: did you mean judge_node?"
    )
    assert "start one with --resources='{\"jugde_node\": 1}'" in complaint(config, CPU=2.0, memory=1e9)
    preflight.check(preflight.parts(config), [{"CPU": 2.0, "jugde_node": 1.0}])


@pytest.mark.parametrize(
    ("resources", "says"),
    [
        ({"GPU": 1.0}, "rollout.resources.GPU is not a custom resource: set engine.gpus."),
        ({"CPU": 1.0}, "rollout.resources.CPU is not a custom resource: leave it out."),
        ({"memory": 1.0}, "rollout.resources.memory is not a custom resource: leave it out."),
        ({"place": 0.00015}, "rollout.resources.place is 0.00015: Ray counts in steps of 0.0001."),
    ],
)
def test_what_ray_would_refuse_is_refused_before(resources, says):
    config = Config()
    config.rollout.resources = resources
    assert complaint(config, CPU=8.0, GPU=8.0, memory=1e9, place=1.0) == says


def test_more_than_one_gpu_is_a_whole_number():
    assert complaint(on_gpus(gpus=1.5), CPU=8.0, GPU=8.0) == "engine.gpus is 1.5: more than one GPU must be a whole number."


def test_sums_of_custom_resources_are_checked():
    config = Config()
    config.judges["default"] = JudgeConfig(actors=3, resources={"judge_node": 1.0})
    assert complaint(config, CPU=8.0, judge_node=2.0) == (
        "the run needs 3 judge_node (3 judges: 3) and the cluster has 2: lower judges.default.actors from 3 to 2, or start "
        "Ray with at least 3 judge_node."
    )


def test_the_largest_bundle_is_placed_first():
    small, large = {"CPU": 1.0}, {"CPU": 2.0}
    nodes = [{"CPU": 2.0}, {"CPU": 2.0}]
    assert unplaced([small, small, large], nodes) is None
    assert unplaced([small, large, large], nodes) == 0


def test_every_speaker_that_is_a_model_has_engines_of_its_own():
    config = Config()
    user = TinyModel(tiny="user")
    config.policies["user"] = PolicyConfig(
        mix=[SpeakerConfig(model=user), SpeakerConfig(model=user, weight=2), SpeakerConfig(speaker="scripted")]
    )
    config.engine.user_actors = 3
    assert next(part for part in preflight.parts(config) if part.name == "user engine").actors == 6


def test_the_plan_of_a_run_in_a_few_lines(tmp_path):
    config = Config()
    config.run.root, config.eval.every = tmp_path, 1
    config.learner.resources = {"learner_node": 1.0}
    assert lines(config) == [
        "40 iterations of 16 groups x 8 = 128 episodes",
        "at most 131,072 tokens per iteration, 131,072 sampled",
        "1 optimizer step per iteration on 1 rank, 40 in all; micro-batches of at most 2,048 tokens",
        "held-out: 200 tasks, before and after and every 1 iteration",
        "1 rollout worker, 1 user engine, 1 judge, 1 learner rank: 1.75 CPUs and 1 learner_node",
        f"kept in {tmp_path}/quickstart",
    ]


def test_the_plan_names_the_gyms_that_are_measured():
    config = Config()
    config.gyms.train = {"IntentionGym": 0.5, "TelepathyGym": 0.5}
    assert "held-out: 200 tasks of each of IntentionGym, TelepathyGym, before and after" in lines(config)
    config.gyms.train, config.gyms.transfer = {"IntentionGym": 1.0}, {"TelepathyGym": TransferConfig(tasks=30)}
    assert "transfer, never trained on: 30 tasks of TelepathyGym, before and after" in lines(config)


def test_nodes_are_shown_without_what_every_node_has():
    head = {"CPU": 1.0, "memory": 1e9, "object_store_memory": 1e9, "node:__internal_head__": 1.0, "node:10.0.0.1": 1.0}
    assert nodes_text([head, {"CPU": 4.0, "GPU": 1.0, "judge_node": 2.0}]) == "2 nodes: 1 CPU; 4 CPUs, 1 GPU and 2 judge_node"
