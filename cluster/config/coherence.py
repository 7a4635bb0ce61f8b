"""Whether the sections of a config agree with each other and with what is on disk.

Each check raises `UserError` with the dotted path to change. `check` also makes model paths absolute, the one change it
makes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import envs
from actors.config import TinyModel
from cluster.config import gym_arguments, imitation, loss_choices, services, task_files
from cluster.config.gym_counts import heldout_counts
from cluster.errors import UserError, suggestion
from envs import modules, registry
from envs.verdicts import NoJudge
from learner.config import START
from rewards.combine import FORMAT_REWARD
from rewards.config import SETTINGS, RewardsConfig

if TYPE_CHECKING:
    from actors.config import PolicyConfig, SpeakerConfig
    from cluster.config import Config
    from envs.base import Task
    from envs.config import GymsConfig
    from learner.config import LearnerConfig

TINY_CONTEXT = 4096
"""What a tiny model is made for (`learner.tiny`)."""
MODEL_FILE = "config.json"
"""What makes a folder a model in Hugging Face's layout."""


def check(config: Config, *, elsewhere: bool = False, imitates: bool = True) -> None:
    """Raise UserError at the first contradiction. `elsewhere`: the run is for another machine; what lies on this one, its
    folders, classes and variables, is not looked at. Without `imitates` the files that `sft` names need not be there yet."""
    _numbers_are_finite(config.model_dump(mode="json"), "")
    root_is_kept(config.run.root)
    _modules(config.gyms)
    _gyms(config)
    _policies(config)
    if not elsewhere:
        task_files.find(config)
    _tasks(config, elsewhere)
    imitation.check(config)
    _rewards(config)
    loss_choices.check(config)
    _guards(config)
    _sizes(config)
    _learner(config.learner)
    _judges(config)
    if not elsewhere:
        _model_folders(config)
        services.check(config)
    if imitates and not elsewhere:
        imitation.find_files(config)


def root_is_kept(root: Path) -> None:
    """Raise UserError if what a Ray job writes there would be lost with the job."""
    if not root.is_absolute():
        raise UserError(
            f"run.root is {str(root)!r}: a Ray job works in a copy that is thrown away; give an absolute folder that every "
            f"node sees, as run.root or as the job's PARLEY_HOME."
        )


def _numbers_are_finite(node: Any, path: str) -> None:
    if isinstance(node, float) and not math.isfinite(node):
        raise UserError(f"{path} is {node}: it must be a finite number.")
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        _numbers_are_finite(value, f"{path}.{key}" if path else str(key))


def _policies(config: Config) -> None:
    for role in ("agent", "user"):
        if role not in config.policies:
            raise UserError(f"policies.{role} is missing: give it a `model` or a `mix` of speakers.")
    acting, partner = config.acting, config.partner
    if config.policies[partner].train:
        raise UserError(
            f"policies.{partner}.train is true: a run trains the policy that acts, in {next(iter(config.gyms.train))} the "
            f"{acting}; set it to false."
        )
    if not config.policies[acting].train:
        raise UserError(f"policies.{acting}.train is false: nothing would be trained; set policies.{acting}.train=true.")
    if config.eval.user is not None and partner != "user":
        raise UserError(f"eval.user is {config.eval.user}: in the gyms of this run the user acts; leave it out.")


def _modules(gyms: GymsConfig) -> None:
    for place, name in enumerate(gyms.modules):
        try:
            modules.find(name)
        except modules.NoSuchModule as error:
            raise UserError(f"gyms.modules.{place} is {name!r}: {error}.") from None


def _gyms(config: Config) -> None:
    names = envs.gyms()
    for part in ("train", "transfer", "params"):
        for name in getattr(config.gyms, part):
            if name not in names:
                raise UserError(f"gyms.{part}.{name} is not a gym: {suggestion(name, names)}")
    for name in {**config.gyms.params, **config.gyms.train, **config.gyms.transfer}:
        given = config.gyms.params.get(name, {})
        gym_arguments.check(f"gyms.params.{name}", name, {"max_turns": config.gyms.max_turns, **given})
    for part in ("train", "transfer"):
        for name in getattr(config.gyms, part):
            if (role := registry.entry(name).gym.acting) != config.acting:
                raise UserError(
                    f"gyms.{part}.{name}: there the {role} acts, and the {config.acting} does in "
                    f"{next(iter(config.gyms.train))}; a run trains one of them, so give the other a run of its own."
                )
    if both := sorted(set(config.gyms.train) & set(config.gyms.transfer)):
        raise UserError(f"gyms.transfer.{both[0]} is also in gyms.train: a transfer gym is one that is not trained on.")


def _tasks(config: Config, elsewhere: bool) -> None:
    wanted = {name: ("eval.tasks", count) for name, count in heldout_counts(config).items()}
    wanted |= {name: (f"gyms.transfer.{name}.tasks", n) for name, n in heldout_counts(config, transfer=True).items()}
    for name in {**config.gyms.tasks, **wanted}:
        if elsewhere and task_files.file_of(config, name):
            continue
        try:
            heldout = envs.load(name, "heldout", **config.gyms.tasks.get(name, {}))
        except (TypeError, ValueError) as error:  # how a loader refuses an option
            raise UserError(f"gyms.tasks.{name}: {str(error).rstrip('.')}.") from None
        key, count = wanted.get(name, ("", 0))
        if count > len(heldout):
            raise UserError(f"{key} is {count}: {name} has {len(heldout)} held-out tasks.")
        if name in wanted and task_files.file_of(config, name):
            task_files.check(config, name)
        elif name in wanted:
            _playable(config, name, heldout)


def _playable(config: Config, gym: str, tasks: Iterable[Task]) -> None:
    """Whether the gym takes its tasks with these parameters, by a judge of this kind."""
    judge = config.judges.get("default")
    rules = judge is not None and judge.backend == "rules"
    params = {"max_turns": config.gyms.max_turns, **config.gyms.params.get(gym, {})}
    made = envs.create(gym, envs.ConstantSpeaker(""), envs.RuleJudge() if rules else NoJudge(), **params)
    try:
        for task in tasks:
            made.fits(task)
    except ValueError as error:  # how a gym refuses a task
        raise UserError(f"gyms.params.{gym}: {str(error).rstrip('.')}.") from None


def _rewards(config: Config) -> None:
    known = {FORMAT_REWARD, *(reward for gym in config.gyms.train for reward in registry.entry(gym).gym.rewards)}
    for name in config.rewards.weights:
        if name not in known:
            raise UserError(f"rewards.weights.{name} is not paid by any gym of the run: {suggestion(name, known)}")
    if not any(config.rewards.weights.values()):
        raise UserError("rewards.weights are all 0: nothing would be learned; give env a weight.")
    _estimator_settings(config.rewards)
    _turn_cost(config.rewards, config.gyms)


def _estimator_settings(rewards: RewardsConfig) -> None:
    for name, estimators in SETTINGS.items():
        value = getattr(rewards, name)
        if value != RewardsConfig.model_fields[name].default and rewards.estimator not in estimators:
            raise UserError(
                f"rewards.{name} is {value}: rewards.estimator {rewards.estimator} does not heed it; leave it out, or set "
                f"rewards.estimator={estimators[0]}."
            )


def _turn_cost(rewards: RewardsConfig, gyms: GymsConfig) -> None:
    cost = rewards.turn_cost
    if cost.gate != "none" and not cost.charges:
        raise UserError(f"rewards.turn_cost.gate is {cost.gate}: a turn costs nothing; set rewards.turn_cost.value.")
    own = {f"gyms.params.{gym}.max_turns": gyms.params.get(gym, {}).get("max_turns", gyms.max_turns) for gym in gyms.train}
    most = {"gyms.max_turns": gyms.max_turns, **own}
    key = min(most, key=most.__getitem__)
    if cost.budget and cost.budget.turns >= most[key]:
        raise UserError(
            f"rewards.turn_cost.budget.turns is {cost.budget.turns:g}: it must be below {key} ({most[key]}), where every "
            "conversation ends anyway."
        )
    if cost.charges and rewards.estimator == "userrl":
        raise UserError(
            "rewards.turn_cost is given: rewards.estimator userrl divides by the group's standard deviation, so where all fail "
            "the cost alone decides and the policy learns to stop at once; set rewards.estimator=turn_loo."
        )


def _judges(config: Config) -> None:
    asked = config.eval.judges
    for name in config.judges:
        if name not in ("default", asked):
            raise UserError(
                f"judges.{name} is not a known key: a run has one pool, and evaluations the one that eval.judges names; "
                "did you mean judges.default?"
            )
    for name in ("default", *([asked] if asked else [])):
        if name not in config.judges:
            raise UserError(f"judges.{name} is missing: give it a backend, for example {{backend: rules}}.")
    for name, judge in config.judges.items():
        if isinstance(judge.model, TinyModel) and judge.max_context > TINY_CONTEXT:
            raise UserError(
                f"judges.{name}.max_context is {judge.max_context}: its model is tiny, and those hold {TINY_CONTEXT} tokens."
            )


def _guards(config: Config) -> None:
    learner = config.learner
    if "kl_to_start" in config.guards.abort and not (learner.kl_every or learner.pulls_to_start):
        raise UserError("guards.abort names kl_to_start: learner.kl_every is 0, so it is never measured; set it to 10.")


def _sizes(config: Config) -> None:
    rollout, learner, engine = config.rollout, config.learner, config.engine
    room = rollout.max_context
    for path, speaker in _speakers(config):
        if isinstance(speaker.model, TinyModel) and room > TINY_CONTEXT:
            raise UserError(f"rollout.max_context is {room}: {path} is a tiny model, and those hold {TINY_CONTEXT} tokens.")
    if rollout.max_turn_tokens >= room:
        raise UserError(f"rollout.max_turn_tokens is {rollout.max_turn_tokens}: it must be below rollout.max_context ({room}).")
    episodes = rollout.groups_per_step * rollout.group_size
    if learner.minibatches > episodes:
        raise UserError(f"learner.minibatches is {learner.minibatches}: a step has only {episodes} episodes to divide.")
    if engine.tensor_parallel > max(1.0, engine.gpus):
        raise UserError(f"engine.tensor_parallel is {engine.tensor_parallel}: without that many engine.gpus it must be 1.")


def _learner(learner: LearnerConfig) -> None:
    if learner.dtype == "bfloat16" and learner.zero_stage == 0:
        raise UserError("learner.zero_stage is 0: in bfloat16 ZeRO keeps the float32 weights; set learner.zero_stage=1.")
    if learner.offload != "none" and learner.zero_stage == 0:
        raise UserError(f"learner.offload is {learner.offload!r}: nothing is offloaded without ZeRO; set learner.zero_stage=2.")
    if learner.offload == "all" and learner.zero_stage != 3:
        raise UserError("learner.offload is 'all': weights are offloaded by learner.zero_stage=3 only; or choose 'optimizer'.")


def _speakers(config: Config) -> Iterator[tuple[str, PolicyConfig | SpeakerConfig]]:
    for role, policy in config.policies.items():
        yield f"policies.{role}.model", policy
        for place, speaker in enumerate(policy.mix or []):
            yield f"policies.{role}.mix.{place}.model", speaker
    for name, speaker in config.eval.users.items():
        yield f"eval.users.{name}.model", speaker


def _model_folders(config: Config) -> None:
    kl = config.learner.kl
    if kl.to != START:
        kl.to = _model_folder("learner.kl.to", kl.to, f"a folder, or {START}")
    for path, speaker in _speakers(config):
        if isinstance(speaker.model, str):
            speaker.model = _model_folder(path, speaker.model)
    for name, judge in config.judges.items():
        if isinstance(judge.model, str):
            judge.model = _model_folder(f"judges.{name}.model", judge.model)


def _model_folder(key: str, model: str, valid: str = "a folder, or {tiny: <seed name>}") -> str:
    folder = Path(model).expanduser().absolute()
    if (folder / MODEL_FILE).is_file():
        return str(folder)
    if folder.is_dir():
        raise UserError(f"{key} is {model!r}: that folder holds no {MODEL_FILE}, so it is not a model.")
    parent = folder.parent
    models = [p.name for p in parent.iterdir() if (p / MODEL_FILE).is_file()] if parent.is_dir() else []
    choice = f"in {parent}, {suggestion(folder.name, models)}" if models else f"give {valid}."
    raise UserError(f"{key} is {model!r}: there is no such folder: {choice}")
