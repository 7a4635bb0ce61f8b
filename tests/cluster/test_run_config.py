"""Every mistake in a configuration gives one sentence with the path, the value and a valid choice."""

import re
from dataclasses import replace

import pytest

import envs
from cluster.config import Config, derived, load, parse, resolved
from cluster.errors import UserError
from cluster.start import preflight
from envs import registry

QUICKSTART = """
run: {name: quick, iterations: 4}
policies:
  agent: {model: {tiny: agent}, train: true}
  user: {mix: [{model: {tiny: user}, weight: 1.0}]}
rollout: {group_size: 4, groups_per_step: 2}
"""


@pytest.fixture(autouse=True)
def gyms(monkeypatch):
    """Two gyms, whatever is registered."""
    monkeypatch.setattr(envs, "gyms", lambda: ["IntentionGym", "TurtleGym"])


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "quickstart.yaml"
    file.write_text(QUICKSTART)
    return file


def complaint(path, *overrides):
    with pytest.raises(UserError) as caught:
        load(path, overrides)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_resolved_text_loads_to_the_same_config(path, tmp_path):
    config = load(path, ["sft.agent.demonstrator.vague=1e-1", "run.root=x"])
    (tmp_path / "resolved.yaml").write_text(resolved(config))
    assert load(tmp_path / "resolved.yaml") == config
    assert config.run.root.is_absolute()
    assert config.sft.agent.demonstrator == {"vague": 0.1}


def test_the_root_comes_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path))
    assert Config().run.root == tmp_path


def test_overrides_reach_into_dicts_and_lists_and_keep_their_neighbours(path):
    config = load(
        path, ["policies.user.mix.0.weight=2", "rewards.weights.env=3", "learner.lr=1e-4", "learner.betas=[0.8, 0.9]"]
    )
    assert config.policies["user"].mix[0].weight == 2
    assert config.rewards.weights == {"env": 3.0, "format": 0.1}
    assert (config.learner.lr, config.learner.betas) == (1e-4, (0.8, 0.9))


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("learner.lrr=1", "learner.lrr is not a known key: did you mean learner.lr?"),
        ("learner.group_size=4", "learner.group_size is not a known key: did you mean rollout.group_size?"),
        ("lerner.lr=1", "lerner is not a known key: did you mean learner?"),
        ("judges.defalt.actors=2", "judges.defalt is not a known key: a run has one pool, "),
        ("eval.judges=strict", "judges.strict is missing: give it a backend, for example {backend: rules}."),
        ("eval.users={training: {speaker: scripted}}", "training is the name of a user that is there already"),
        ("eval.users={A: {speaker: scriptd}}", 'eval.users.A.speaker is "scriptd"'),
        ("eval.agent={speaker: scripted}", "agent is for `parley eval CONFIG endpoint`"),
        ("policies.agnt.train=true", "policies.agnt is not a known key: did you mean policies.agent?"),
        ("policies.agent.model.tinny=a", "did you mean policies.agent.model.tiny?"),
        ("policies.user.mix.0.wieght=3", "did you mean policies.user.mix.0.weight?"),
        ("policies.user.mix.4.weight=3", "policies.user.mix.4 does not exist: the list has the places 0 to 0."),
        ("rollout.group_size=-3", "rollout.group_size is -3: it must be greater than or equal to 2."),
        ("rollout.group_size=two", 'rollout.group_size is "two": it must be a valid integer'),
        ("rollout.max_turn_tokens=5000", "rollout.max_turn_tokens is 5000: it must be below rollout.max_context (1024)."),
        ("learner.schedule=cosin", "it must be 'constant', 'cosine' or 'linear'; the nearest is cosine."),
        ("learner.lr=.inf", "learner.lr is inf: it must be a finite number."),
        ("learner.minibatches=9", "learner.minibatches is 9: a step has only 8 episodes to divide."),
        ("learner.loss=gpso", "it must be 'grpo', 'dr_grpo', 'gspo' or 'cispo'; the nearest is gspo."),
        ("learner.aggregate=tokens", "it must be 'token', 'trajectory' or 'constant'; the nearest is token."),
        ("learner.dual_clip=1", "learner.dual_clip is 1: it must be greater than 1."),
        ("learner.kl.coeff=1", "learner.kl.coeff is not a known key: did you mean learner.kl.coef?"),
        ("learner.kl.kind=k4", "it must be 'k1', 'k2' or 'k3'; the nearest is k"),
        ("learner.kl={coef: 0.1, to: strat}", "learner.kl.to is 'strat': there is no such folder: give a folder, or start."),
        ("learner.loss=dr_grpo", None),
        ("engine.tensor_parallel=2", "engine.tensor_parallel is 2: "),
        ("run.name=../x", 'run.name is "../x": it must match pattern'),
        ("run=null", "run is null: it must be a mapping of keys."),
        ("run.seed.x=3", 'run.seed is {"x": 3}: it must be a valid integer.'),
        ("run.name.x=3", "run.name is 'quick': it has no key x."),
        ("gyms.train.IntentionGim=1", "gyms.train.IntentionGim is not a gym: did you mean IntentionGym?"),
        ("gyms.train.Zork=1", "gyms.train.Zork is not a gym: choose from IntentionGym, TurtleGym."),
        ("gyms.train.IntentionGym=-1", "gyms.train.IntentionGym is -1: it must be greater than 0."),
        ("gyms.transfer.TurtleGym.tsks=3", "did you mean gyms.transfer.TurtleGym.tasks?"),
        ("gyms.transfer.TurtleGym=1", "gyms.transfer.TurtleGym is 1: it must be a mapping of keys."),
        ("gyms.transfer.IntentionGym={}", "gyms.transfer.IntentionGym is also in gyms.train"),
        ("policies.agent.train=false", "policies.agent.train is false: nothing would be trained"),
        (
            "policies.user={model: {tiny: user}, train: true}",
            "policies.user.train is true: a run trains the policy that acts, in Int",
        ),
        ("policies={agent: {model: {tiny: agent}, train: true}}", "policies.user is missing"),
        ("policies.agent.model=/nowhere/model", "policies.agent.model is '/nowhere/model': there is no such folder"),
        ("gyms.params.IntentionGim.strict=true", "gyms.params.IntentionGim is not a gym: did you mean IntentionGym?"),
        ("gyms.params.IntentionGym.strct=true", "gyms.params.IntentionGym.strct is not a known key: did you mean strict?"),
        (
            "gyms.params.IntentionGym.strict=5",
            "gyms.params.IntentionGym.strict is 5: it must be of the kind of its default, True.",
        ),
        ("gyms.params.IntentionGym.preset=userl", "gyms.params.IntentionGym: There is no preset"),
        ("gyms.params.IntentionGym.preset=userrl", None),
        ("sft={user: {}}", None),
        ("sft.agent.sources=[{gym: IntentionGym, weight: 2}, {gym: IntentionGym, demonstrator: {vague: 0.1}}]", None),
        ("sft.agent.sources=[{weight: 2}]", 'sft.agent.sources.0 is {"weight": 2}: give exactly one of `gym` and `file`.'),
        ("sft.agent.sources=[{gym: IntentionGym, system: x}]", "`system` says nothing about a gym."),
        ("sft.agent.sources=[{file: a.jsonl, recaps: 3}]", "`recaps` says nothing about a file."),
        ("sft.agent.sources=[{gym: IntentionGim}]", "sft.agent.sources.0.gym is 'IntentionGim': that is no gym; did you mean"),
        ("sft.agent.sources=[{file: a.json}]", "sft.agent.sources.0.file is 'a.json': it must end in .jsonl or .parquet."),
        ("sft.agent.sources=[{file: /nowhere/a.jsonl}]", "sft.agent.sources.0.file is '/nowhere/a.jsonl': there is no folder"),
        ("sft.agent.sources=[]", "sft.agent.sources is []: "),
        ("sft.agent.sources=[{gym: IntentionGym, demonstrator: {vagu: 1}}]", "sft.agent.sources.0.demonstrator.vagu is not a"),
        ("sft.user.sources=[{gym: IntentionGym, recaps: 2}]", "sft.user.sources.0.recaps is given"),
        ("sft.agent.weights={assistant: 0, user: 0, system: 0, tool: 0}", "one of them must be above 0"),
        ("sft.agent.weights.usr=1", "sft.agent.weights.usr is not a known key: did you mean sft.agent.weights.user?"),
        ("sft.agent.heldout={}", "sft.agent.heldout is {}: give exactly one of `share` and `conversations`."),
        ("sft.agent.heldout={share: 1.5}", "sft.agent.heldout.share is 1.5: it must be less than 1."),
        ("sft.agent.warmup=2.5", "sft.agent.warmup is 2.5: from 1 on it must be a whole number of steps."),
        ("sft.agent.warmup=20", None),
        ("sft.agent.ranks=2", "sft.agent.ranks is 2: it must be at most learner.ranks (1)."),
        ("learner.lr", "the override 'learner.lr' is not of the form section.key=value."),
        ("run.name=[", "the value of run.name is not YAML at line 1, column 2"),
    ],
)
def test_one_sentence_for_each_mistake(path, override, says):
    if says is None:
        load(path, [override])
    else:
        assert says in complaint(path, override)


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (["learner.loss=dr_grpo", "learner.aggregate=token"], "learner.aggregate is 'token': a constant denominator is what"),
        (["learner.loss=dr_grpo", "learner.aggregate=constant"], None),
        (["learner.loss=dr_grpo", "rewards.estimator=userrl"], "rewards.estimator is 'userrl': it divides by the group's"),
        (["learner.loss=cispo", "learner.dual_clip=3"], "null and the bound as learner.clip=[1, 2]."),
        (["learner.loss=gspo", "learner.dual_clip=3"], None),
        (["learner.kl.to=/models/other"], "learner.kl.to is '/models/other': learner.kl.coef is 0, so nothing pulls there"),
        (["learner.kl.kind=k1"], "learner.kl.kind is 'k1': learner.kl.coef is 0, so no KL is estimated"),
        (["learner.kl={coef: 0.1, kind: k1}"], None),
        (["learner.kl.kind=k3"], None),
        (["learner.constant_tokens=512"], "learner.constant_tokens is 512: the loss divides by another denominator"),
        (["learner.constant_tokens=512", "learner.loss=dr_grpo"], None),
        (["learner.constant_tokens=512", "learner.aggregate=constant"], None),
        (["learner.constant_tokens=1024"], None),
        (["guards.abort=[kl_to_start]"], "guards.abort names kl_to_start: learner.kl_every is 0"),
        (["guards.abort=[kl_to_start]", "learner.kl.coef=0.1"], None),
    ],
)
def test_the_settings_of_a_loss_fit_each_other(path, overrides, says):
    if says is None:
        load(path, overrides)
    else:
        assert says in complaint(path, *overrides)


def test_the_model_of_the_kl_penalty_is_made_absolute(path, tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert load(path, ["learner.kl={coef: 0.1, to: other}"]).learner.kl.to == str(tmp_path / "other")


def test_sft_of_a_user_without_a_model(path):
    assert complaint(path, "policies.user={mix: [{speaker: scripted}]}", "sft.user={}").startswith("sft.user is given")


@pytest.mark.parametrize("role", ["agent", "user"])
def test_what_is_imitated_is_what_is_trained_on(path, role, monkeypatch):
    monkeypatch.setattr(envs, "gyms", registry.names)
    overrides = ["gyms.train={TelepathyGym: 1}", "eval.tasks=20"]
    said = complaint(path, *overrides, "gyms.tasks.TelepathyGym.source=handwritten", f"sft.{role}={{}}")
    assert said.startswith("gyms.tasks.TelepathyGym.source is 'handwritten': demonstrations are made of generated tasks only")
    assert f"set sft.{role}=null" in said
    for source in ("generated", "all"):
        load(path, [*overrides, f"gyms.tasks.TelepathyGym.source={source}", f"sft.{role}={{}}"])
    load(path, [*overrides, "gyms.tasks.TelepathyGym.source=handwritten"])
    medical = ["eval.tasks=20", "gyms.tasks.IntentionGym.heldout=medical", f"sft.{role}={{}}"]
    load(path, medical)
    assert "source is 'legal'" in complaint(path, *medical, "gyms.tasks.IntentionGym.source=legal")


def test_drills_are_asked_of_gyms_that_have_some(path, monkeypatch):
    monkeypatch.setitem(registry._ENTRIES, "TurtleGym", replace(registry.entry("TelepathyGym"), demonstrations=lambda *_: []))
    overrides = ["gyms.train={TurtleGym: 1}", "eval.tasks=20"]
    load(path, [*overrides, "sft.agent={}"])
    says = "sft.agent.recaps is 5: TurtleGym has nothing to drill; set it to 0 there, by a source of its own."
    assert complaint(path, *overrides, "sft.agent={recaps: 5}") == says


def test_files_to_imitate_are_found_and_made_absolute(path, tmp_path, monkeypatch):
    (tmp_path / "talks.jsonl").write_text("")
    assert "did you mean talks.jsonl?" in complaint(path, f"sft.agent.sources=[{{file: {tmp_path}/talk.jsonl}}]")
    monkeypatch.chdir(tmp_path)
    config = load(path, ["sft.agent.sources=[{file: talks.jsonl}]", "policies.agent.wire=hermes"])
    assert config.sft.agent.sources[0].file == tmp_path / "talks.jsonl", "only scripts are bound to a wire"


def test_model_folders_are_checked_and_made_absolute(path, tmp_path, monkeypatch):
    (tmp_path / "tiny-agent").mkdir()
    assert "holds no config.json" in complaint(path, f"policies.agent.model={tmp_path}/tiny-agent")
    (tmp_path / "tiny-agent" / "config.json").write_text("{}")
    assert "did you mean tiny-agent?" in complaint(path, f"policies.agent.model={tmp_path}/tiny-agnt")
    monkeypatch.chdir(tmp_path)
    assert load(path, ["policies.agent.model=tiny-agent"]).policies["agent"].model == str(tmp_path / "tiny-agent")


def test_files_that_cannot_be_read(path, tmp_path):
    assert "did you mean quickstart.yaml?" in complaint(tmp_path / "quikstart.yaml")
    assert "there is no folder" in complaint(tmp_path / "no" / "x.yaml")
    for text, says in (
        ("run: {name: [}", "is not YAML at line 1"),
        ("- a\n", "holds a list: a configuration is a mapping"),
        ("run: {seed: 1}\nrun: {seed: 2}\n", "the key run is given twice"),
    ):
        path.write_text(text)
        assert says in complaint(path)
    path.write_bytes(b"run: \xff")
    assert "it is not UTF-8 text" in complaint(path)


def test_derived_sizes(path):
    sizes = derived(load(path))
    assert sizes["episodes_per_step"] == 8
    assert sizes["most_tokens_per_step"] == 8 * 1024
    assert sizes["cpus"]["total"] <= 2
    assert sizes["run_directory"].endswith("/quick")
    assert derived(load(path, ["policies.agent.history_thinking=strip"]))["most_tokens_per_step"] == 8 * 1024 * 16


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (["rewards.estimator=turn_gea"], "the nearest is turn_gae."),
        (["rewards.lam=0.8"], "rewards.lam is 0.8: rewards.estimator turn_loo does not heed it; leave it out, or set rewards."),
        (["rewards.estimator=turn_padded", "rewards.kappa=2"], "rewards.kappa is 2.0: rewards.estimator turn_padded does not"),
        (["rewards.trajectory=mean"], "or set rewards.estimator=userrl."),
        (["rewards.estimator=turn_gae", "rewards.lam=0.8", "rewards.kappa=2"], None),
        (["rewards.turn_cost=0.1"], "rewards.turn_cost is 0.1: it must be a mapping of keys."),
        (["rewards.turn_cost.gate=pass_rate"], "rewards.turn_cost.gate is pass_rate: a turn costs nothing"),
        (["rewards.turn_cost.gate=success"], "it must be 'none' or 'pass_rate'"),
        (["rewards.turn_cost.budget.turns=16"], "rewards.turn_cost.budget.turns is 16: it must be below gyms.max_turns (16)"),
        (
            ["rewards.turn_cost.budget.turns=6", "gyms.params.IntentionGym.max_turns=6"],
            "rewards.turn_cost.budget.turns is 6: it must be below gyms.params.IntentionGym.max_turns (6)",
        ),
        (["rewards.turn_cost.budget.turns=5", "gyms.params.IntentionGym.max_turns=6"], None),
        (["rewards.turn_cost.budget.turns=16", "gyms.params.IntentionGym.max_turns=20"], "below gyms.max_turns (16)"),
        (["rewards.turn_cost.budget.rate=1e-3"], "rewards.turn_cost.budget.turns is missing."),
        (["rewards.turn_cost.budget.turns=5"], None),
        (["rewards.turn_cost.value=0.1", "rewards.turn_cost.gate=pass_rate"], None),
        (["rewards.turn_cost.budget.turns=5", "rewards.turn_cost.gate=pass_rate"], "gate and budget exclude each other"),
        (["rewards.estimator=userrl", "rewards.turn_cost.value=0.1"], "set rewards.estimator=turn_loo."),
        (
            ["rewards.estimator=userrl", "rewards.turn_cost.budget.turns=5"],
            "rewards.turn_cost is given: rewards.estimator userrl",
        ),
        (["rewards.weights.turn_cost=0.1"], "turn_cost is no reward of a gym: set rewards.turn_cost.value"),
        (["rewards.combine=normalise_then_su"], "the nearest is normalise_then_sum."),
        (["rewards.combine=normalise_then_sum", "rewards.estimator=userrl"], None),
    ],
)
def test_rewards_that_do_not_go_together(path, tmp_path, overrides, says):
    if says is None:
        config = load(path, overrides)
        (tmp_path / "resolved.yaml").write_text(resolved(config))
        assert load(tmp_path / "resolved.yaml") == config, "every key is written out, and none is refused for it"
    else:
        assert says in complaint(path, *overrides)


USER_ACTS = {"agent": {"speaker": "scripted"}, "user": {"model": {"tiny": "user"}, "train": True}}


def test_who_acts_in_the_gyms_is_trained(monkeypatch):
    monkeypatch.undo()
    config = parse({"gyms": {"train": {"UserSimGym": 1.0}}, "policies": USER_ACTS, "eval": {"tasks": 20}})
    assert (config.acting, config.partner) == ("user", "agent")
    assert [part.name for part in preflight.parts(config)] == ["rollout worker", "agent engine", "judge", "learner rank"]
    assert (Config().acting, Config().partner) == ("agent", "user")


CALLS = {"train": {"UserSimGym": 1.0}}


@pytest.mark.parametrize(
    ("sections", "says"),
    [
        ({"gyms": CALLS}, "policies.agent.train is true: a run trains the policy that acts, in UserSimGym the user; set it to"),
        (
            {"gyms": {"train": {**CALLS["train"], "IntentionGym": 1.0}}},
            "gyms.train.IntentionGym: there the agent acts, and",
        ),
        ({"gyms": {"transfer": {"UserSimGym": {}}}}, "gyms.transfer.UserSimGym: there the user acts, and the agent does in"),
        (
            {"gyms": CALLS, "policies": USER_ACTS, "eval": {"user": "scripted"}},
            "eval.user is scripted: in the gyms of this",
        ),
        (
            {"gyms": CALLS, "policies": USER_ACTS, "sft": {"agent": {}}},
            "sft.agent is given, but policies.agent has no model",
        ),
        (
            {"gyms": CALLS, "policies": USER_ACTS | {"user": {"model": {"tiny": "user"}}}},
            "policies.user.train is false: nothing would be trained; set policies.user.train=true.",
        ),
    ],
)
def test_a_run_has_one_who_acts(sections, says, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(UserError, match=re.escape(says)):
        parse({"eval": {"tasks": 20}} | sections)
