"""Adversarial users by name: in a policy's place, in its mix, and in evaluations alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import envs
from actors.rollout import Cast, GroupRequest, adversarial, run_group, scripted
from actors.worker import PartnerSpec
from cluster.config import Config, parse, resolved, yaml_text
from cluster.errors import UserError
from cluster.groups import heldout
from cluster.groups.collector import Patience
from cluster.groups.heldout import Way, play_heldout
from cluster.start.parts import CONSTANT, Models, Parts, partner_speakers
from rewards.trajectory import to_table

AGENT = {"model": {"tiny": "agent"}, "train": True}


def config(user: dict[str, Any], /, **evaluation: Any) -> Config:
    return parse({"policies": {"agent": AGENT, "user": user}, "eval": evaluation})


def partners(made: Config) -> dict[str, PartnerSpec]:
    return Parts.__new__(Parts)._partners(made, Models(acting=Path(), frozen={}), partner_speakers(made))


def test_a_speaker_takes_the_place_of_a_policy():
    made = config({"speaker": "adversarial:vague"})
    assert list(partner_speakers(made)) == ["adversarial:vague"]
    assert partners(made)["adversarial:vague"] == PartnerSpec(1.0, adversarial="vague")
    assert parse(yaml_text.parse(resolved(made), "resolved")) == made
    assert list(partner_speakers(config({"speaker": "scripted"}))) == ["scripted"]


def test_it_may_be_one_of_a_mix():
    made = config({"mix": [{"speaker": "scripted", "weight": 3}, {"speaker": "adversarial:impatient"}]})
    found = partners(made)
    assert found["scripted"] == PartnerSpec(3.0) and found["adversarial:impatient"] == PartnerSpec(1.0, adversarial="impatient")


def test_evaluations_may_name_another_user():
    made = config({"speaker": "scripted"}, user="adversarial:off_topic")
    found = partners(made)
    assert found["adversarial:off_topic"] == PartnerSpec(0.0, adversarial="off_topic"), "only on request"
    assert set(found) == {CONSTANT, "adversarial:off_topic", "scripted"}
    same = partners(config({"speaker": "adversarial:vague"}, user="adversarial:vague"))
    assert same["adversarial:vague"].weight == 1.0


@pytest.mark.parametrize(
    ("user", "evaluation", "says"),
    [
        ({"speaker": "adversarial:vage"}, {}, 'policies.user.speaker is "adversarial:vage"'),
        ({"mix": [{"speaker": "adversarial:vage"}]}, {}, 'policies.user.mix.0.speaker is "adversarial:vage"'),
        ({"speaker": "scripted"}, {"user": "adversarial:vage"}, 'eval.user is "adversarial:vage"'),
    ],
)
def test_a_misspelt_kind_is_answered_with_the_nearest(user, evaluation, says):
    with pytest.raises(UserError) as caught:
        config(user, **evaluation)
    assert str(caught.value).startswith(says) and str(caught.value).endswith("the nearest is adversarial:vague.")


def test_a_role_is_played_in_one_way():
    with pytest.raises(UserError, match="give exactly one of `model`, `speaker` and `mix`"):
        config({"speaker": "scripted", "model": {"tiny": "user"}})


@pytest.mark.parametrize(
    ("user", "way", "opponent"),
    [
        (None, Way(), None),
        ("adversarial:vague", Way(), "adversarial:vague"),
        ("adversarial:vague", Way(opponent=CONSTANT), CONSTANT),
    ],
)
def test_an_evaluation_is_played_against_whom_it_names(monkeypatch, user, way, opponent):
    asked: list[GroupRequest] = []
    monkeypatch.setattr(heldout, "play", lambda workers, requests, patience: asked.extend(requests) or [to_table([])])
    play_heldout(None, config({"speaker": "scripted"}, user=user, tasks=3), {}, Patience(1.0), way)
    assert [request.opponent for request in asked] == [opponent] * 3


def test_a_group_is_played_against_one():
    task = envs.load("IntentionGym", "heldout")[0]
    who = {"scripted": (1.0, scripted("user")), "adversarial:reveals_nothing": (0.0, adversarial("user", "reveals_nothing"))}
    cast = Cast(lambda request, seed: envs.scripted("IntentionGym", "agent", seed), who, envs.RuleJudge(), {})

    def rows(opponent: str | None) -> list[dict[str, Any]]:
        request = GroupRequest(task, 0, 0, (1, 2), opponent=opponent)
        return asyncio.run(run_group(request, cast, asyncio.Semaphore(4))).to_pylist()

    assert [(row["status"], row["opponent"], row["score"]) for row in rows(None)] == [("ok", "scripted", 1.0)] * 2
    hindered = rows("adversarial:reveals_nothing")
    assert [(row["status"], row["opponent"]) for row in hindered] == [("ok", "adversarial:reveals_nothing")] * 2
    assert {row["score"] for row in hindered} == {0.5}, "its questions are paid, its answer knows nothing"
