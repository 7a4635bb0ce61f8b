"""Judges and endpoints in a configuration: every mistake in one sentence, and what the limits come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.config import SpeakerConfig
from cluster.config import Config, derived, load, parse, resolved
from cluster.config.endpoint_requests import endpoint_requests
from cluster.errors import UserError
from cluster.start.parts import Models, Parts, partner_speakers
from cluster.start.preflight import parts
from cluster.start.prepare import prepare
from rewards.config import JudgeConfig
from rewards.endpoint_config import EndpointConfig

ROOT = Path(__file__).parents[2]
SERVER = {"base_url": "http://localhost:8000/v1", "model": "m"}
JUDGE = "judges.default.endpoint"


def endpoint_judge(**settings: object) -> dict[str, object]:
    return {"judges": {"default": {"backend": "endpoint", "endpoint": {**SERVER, **settings}}}}


def complaint(raw: dict[str, object], *overrides: str) -> str:
    with pytest.raises(UserError) as caught:
        parse(raw, overrides)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("judges.default.backend=rulez", "it must be rules, vllm, endpoint or package.module:Class; the nearest is rules."),
        ("judges.default.backend=vllm", "backend vllm, and no other, needs a `model`"),
        ("judges.default={backend: rules, model: {tiny: judge}}", "backend vllm, and no other, needs a `model`"),
        ("judges.default.backend=endpoint", "needs an `endpoint` with base_url and model"),
        ("judges.default.options.strict=true", "`options` are the keyword arguments of a judge given as package.module:Class"),
        ("judges.default={backend: vllm, model: /nowhere}", "judges.default.model is '/nowhere': there is no such folder"),
        (
            "judges.default={backend: vllm, model: {tiny: j}, max_tokens: 5000}",
            "max_tokens 5000 must be below",
        ),
        (
            "judges.default={backend: vllm, model: {tiny: j}, max_context: 8192}",
            "judges.default.max_context is 8192: ",
        ),
        ("judges.default.resources.gpu_node=-1", "judges.default.resources.gpu_node is -1: it must be greater than 0."),
        (
            "judges.default={backend: 'examples.my_judge:StrictCoverge'}",
            "judges.default.backend is 'examples.my_judge:StrictCoverge': examples.my_judge has no such class; "
            "its judges are: StrictCoverage.",
        ),
        ("judges.default={backend: 'examples.nothing:Judge'}", "importing examples.nothing failed: ModuleNotFoundError"),
        (
            "judges.default={backend: 'examples.my_judge:StrictCoverage', options: {most_wrds: 3}}",
            "judges.default.options.most_wrds is not a known key: did you mean most_words?",
        ),
        (
            "judges.default={backend: 'tests.actors.judge_doubles:Particular'}",
            "judges.default.options.strictness is missing: tests.actors.judge_doubles:Particular cannot be made without it.",
        ),
        ("policies.user.mix=[{speaker: endpoint}]", "needs an `endpoint` with base_url and model"),
    ],
)
def test_one_sentence_for_each_mistake_with_a_judge(override, says):
    assert says in complaint({}, override)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"base_url": "localhost:8000"}, f'{JUDGE}.base_url is "localhost:8000": '),
        ({"base_url": "http://x:99999/v1"}, f"{JUDGE}.base_url names no server: "),
        ({"max_cost": 3}, "max_cost needs a prompt_price or a completion_price"),
        ({"mode": "record"}, "mode record needs a `cache`, the file to record"),
        (
            {"mode": "replay", "cache": "/nowhere/x.jsonl"},
            f"{JUDGE}.cache is '/nowhere/x.jsonl': there is no such file",
        ),
        ({"prompt_prise": 1}, f"{JUDGE}.prompt_prise is not a known key: did you mean {JUDGE}.prompt_price?"),
        ({"api_key_env": "PARLEY_NO_KEY"}, f"{JUDGE}.api_key_env is 'PARLEY_NO_KEY': that environment variable is not set."),
    ],
)
def test_one_sentence_for_each_mistake_with_an_endpoint(settings, says, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert says in complaint(endpoint_judge(**settings))


@pytest.mark.parametrize("settings", [{"api_key_env": "sk-secret-1"}, {"base_url": "http://me:sk-secret-1@x/v1"}])
def test_a_key_in_the_wrong_place_is_not_repeated(settings):
    sentence = complaint(endpoint_judge(**settings))
    assert sentence.startswith(JUDGE)
    assert "secret" not in sentence


def test_a_key_must_be_set_only_where_it_is_used(monkeypatch, tmp_path):
    (tmp_path / "x.jsonl").touch()
    parse(endpoint_judge(api_key_env="PARLEY_NO_KEY", mode="replay", cache=str(tmp_path / "x.jsonl")))
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    parse(endpoint_judge(api_key_env="PARLEY_NO_KEY"))
    monkeypatch.delenv("RAY_ADDRESS")
    monkeypatch.setenv("PARLEY_NO_KEY", "k")
    parse(endpoint_judge(api_key_env="PARLEY_NO_KEY"))


def test_a_bare_off_is_a_mode_and_a_cache_path_is_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = parse(endpoint_judge(cache="x.jsonl", mode="record"), [f"{JUDGE}.mode=off"])
    (tmp_path / "again.yaml").write_text(resolved(config))
    again = load(tmp_path / "again.yaml")
    assert again == config
    assert (again.judges["default"].endpoint.mode, again.judges["default"].endpoint.cache) == ("off", tmp_path / "x.jsonl")


def test_a_model_that_judges_is_made_and_has_a_place(tmp_path, monkeypatch):
    monkeypatch.setattr("cluster.start.models.training_texts", lambda config, per_role=0: ["user\nWhat is the date?\n"])
    config = parse({"run": {"root": str(tmp_path)}, "judges": {"default": {"backend": "vllm", "model": {"tiny": "judge"}}}})
    models = prepare(config, lambda *_: None)
    assert (models.judge / "config.json").is_file()
    assert models.judge not in (models.acting, *models.frozen.values())
    (judge,) = [part for part in parts(config) if part.name == "judge"]
    (engine,) = [part for part in parts(config) if part.name == "user engine"]
    assert judge.cpus == engine.cpus > sum(part.cpus for part in parts(Config()) if part.name == "judge")


def test_requests_are_bounded_before_anything_starts():
    config = Config()
    config.run.iterations, config.gyms.max_turns = 10, 5
    config.rollout.groups_per_step, config.rollout.group_size = 4, 2
    config.eval.tasks, config.eval.every = 7, 4
    assert endpoint_requests(config) == {}
    config.judges["default"] = JudgeConfig(backend="endpoint", endpoint=EndpointConfig(**SERVER))
    played = 10 * 8 + 7 * (2 + 2 * 2)
    assert endpoint_requests(config) == {
        "per_step": 8 * 5,
        "per_run": (played + 7) * 5,
        "per_step_with_retries": 8 * 5 * 4,
        "per_run_with_retries": (played + 7) * 5 * 4,
    }
    user = SpeakerConfig(speaker="endpoint", endpoint=EndpointConfig(**SERVER))
    config.policies["user"].mix = [SpeakerConfig(speaker="scripted"), user, user]
    both = derived(config)["endpoint_requests"]
    assert both["per_step"] == 8 * 5 * 2, "of a mix each group meets one"
    assert both["per_run"] == (played * 2 + 7) * 5, "a constant user asks no endpoint, its judge does"
    config.eval.user = "scripted"
    assert endpoint_requests(config)["per_run"] == (10 * 8 * 2 + 7 * 7) * 5, "nor do evaluations that name another user"


def test_workers_get_their_share_of_a_users_endpoint(monkeypatch, tmp_path):
    config = load(ROOT / "examples" / "endpoint.yaml", ["rollout.workers=4", "policies.user.mix.0.weight=3"])
    partners = Parts.__new__(Parts)._partners(config, Models(acting=tmp_path, frozen={}), partner_speakers(config))
    endpoint = partners["endpoint"]
    assert endpoint.endpoint is not None
    assert (endpoint.endpoint.max_concurrent, endpoint.weight, endpoint.retry.deadline_s) == (8, 3, 60)
