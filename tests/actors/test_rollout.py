"""Groups played by a real policy in one process: rows, masks, determinism, and failures that never become scores."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
import torch
from transformers import AutoModelForCausalLM

import envs
from actors.acting import PolicySpec
from actors.engine import Completion, Engine, Sampling
from actors.rollout import Cast, GroupRequest, run_group, scripted
from actors.speaker import Limits, derived_seed
from actors.transcript import Renderer
from actors.worker import partner_factory, policy_factory
from envs.base import Judge, Message, Utterance, Verdict, VerdictRequest, View
from envs.closed import CHOICES
from envs.intention.baselines import Oracle
from envs.intention.gym import IntentionGym
from envs.speakers import ConstantSpeaker
from envs.tool import TOOL_NAME, Call, render, split_action, tool_schema
from learner.weights import pack
from rewards.trajectory import OK
from rewards.verdict import JudgeError

TASK = envs.load("IntentionGym", "heldout")[0]
EXACT = ("tokens", "turn", "turns", "score", "messages", "state")
"""Equal to the last bit; logprobs may differ by rounding with the other requests of a batch."""
PARAMS = {"IntentionGym": {"prompt": "short"}}


class BrokenJudge:
    async def verdict(self, request: VerdictRequest) -> Verdict:
        raise JudgeError("deadline", "too slow")


def cast(engine: Engine, path: Path, judge: Judge | None = None, max_context: int = 512) -> Cast:
    acting = policy_factory(PolicySpec("agent", str(path)), engine, Limits(24, max_context))
    return Cast(acting, {"scripted": (1.0, scripted("user"))}, judge or envs.RuleJudge(), PARAMS)


def request(*seeds: int, temperature: float = 1.0, opponent: str | None = None) -> GroupRequest:
    return GroupRequest(TASK, 5, 0, seeds, temperature, opponent)


async def play(who: Cast, *seeds: int) -> pa.Table:
    return await run_group(request(*seeds), who, asyncio.Semaphore(8))


async def test_same_seed_same_trajectories(engine: Engine, tiny_model: Path):
    who = cast(engine, tiny_model)
    first = await play(who, 1, 2, 3)
    alone = await play(who, 2)
    again = await play(who, 1, 2, 3)
    assert [first[name] for name in EXACT] == [again[name] for name in EXACT]
    assert first["tokens"][1] == alone["tokens"][0], "an episode does not depend on its group"
    assert first["tokens"][0] != first["tokens"][1]


async def test_an_update_during_a_conversation_shows_in_the_versions_of_its_tokens(engine: Engine, tiny_model: Path):
    """Weights change between two engine steps; conversations go on, and greedy words after it are those of transformers."""
    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    original = pack(model.named_parameters(), version=0)
    with torch.no_grad():
        model.model.embed_tokens.weight.mul_(-1.0)
    conversation = asyncio.create_task(play(cast(engine, tiny_model), 1, 2, 3, 4))
    await asyncio.sleep(0.15)
    assert not conversation.done()
    await engine.load(pack(model.named_parameters(), version=1))
    greedy = await engine.generate("agent", [10, 11, 12], Sampling(0.0, 12, 0, ()))
    table = await conversation
    await engine.load(original)
    versions = [[v for v in row if v >= 0] for row in table["version"].to_pylist()]
    assert all(row == sorted(row) for row in versions)
    assert {v for row in versions for v in row} == {0, 1}
    with torch.no_grad():
        expected = model.generate(torch.tensor([[10, 11, 12]]), max_new_tokens=12, do_sample=False, eos_token_id=None)
    assert greedy.tokens == expected[0, 3:].tolist()


async def test_rows_hold_what_was_sampled(engine: Engine, tiny_model: Path):
    table = await play(cast(engine, tiny_model), 1, 2)
    assert table["status"].to_pylist() == [OK, OK]
    for row in table.to_pylist():
        assert row["policy"] == "agent"
        assert row["opponent"] == "scripted"
        said = [turn for turn in row["turn"] if turn >= 0]
        assert sorted(set(said)) == [turn["turn"] for turn in row["turns"]]
        assert all(logprob < 0 for logprob in row["logprobs"] if logprob is not None)
        assert {reward["name"] for turn in row["turns"] for reward in turn["rewards"]} == {"env", "format"}


async def test_gibberish_costs_format_and_earns_nothing(engine: Engine, tiny_model: Path):
    table = await play(cast(engine, tiny_model), 1)
    rewards = [(reward["name"], reward["value"]) for turn in table.to_pylist()[0]["turns"] for reward in turn["rewards"]]
    assert ("format", -1.0) in rewards
    assert table["score"][0].as_py() == 0.0


async def test_a_judge_failure_is_a_status_and_never_a_score(engine: Engine, tiny_model: Path):
    who = Cast(lambda request, seed: Oracle(seed), {"scripted": (1.0, scripted("user"))}, BrokenJudge(), PARAMS)
    row = (await play(who, 1)).to_pylist()[0]
    assert row["status"] == "judge_deadline"
    assert row["score"] is None
    assert row["success"] is None
    assert "too slow" in json.loads(row["state"])["error"]


async def test_a_scripted_acting_role_has_turns_and_no_tokens():
    who = Cast(lambda request, seed: Oracle(seed), {"scripted": (1.0, scripted("user"))}, envs.RuleJudge(), PARAMS)
    row = (await play(who, 1)).to_pylist()[0]
    assert (row["score"], row["success"], row["tokens"]) == (1.0, True, [])
    assert len(row["turns"]) > 1


async def test_a_full_context_ends_the_episode_as_it_stands(engine: Engine, tiny_model: Path):
    row = (await play(cast(engine, tiny_model, max_context=60), 1)).to_pylist()[0]
    assert row["ended"] == "context_full"
    assert len(row["tokens"]) >= 60
    assert row["status"] == OK


def test_derived_seeds_depend_on_every_part():
    assert derived_seed(1, "a") == derived_seed(1, "a")
    assert len({derived_seed(1, "a"), derived_seed(1, "b"), derived_seed(2, "a"), derived_seed("1a")}) == 4


class Hermes:
    """The oracle, writing hermes tool calls with a thought before each."""

    def __init__(self, seed: int) -> None:
        self._oracle = Oracle(seed)

    async def speak(self, view: View) -> Utterance:
        call = split_action((await self._oracle.speak(view)).text, IntentionGym.choices)
        assert isinstance(call, Call)
        return Utterance(f"<think>\nhm\n</think>\n\n{render('hermes', call)}")


async def test_the_hermes_wire_plays_the_same_game():
    who = Cast(
        lambda request, seed: Hermes(seed), {"scripted": (1.0, scripted("user"))}, envs.RuleJudge(), PARAMS, wire="hermes"
    )
    row = (await play(who, 1)).to_pylist()[0]
    assert (row["score"], row["success"]) == (1.0, True)
    roles = [message["role"] for message in json.loads(row["messages"])]
    assert roles[:4] == ["system", "user", "assistant", "tool"], "feedback comes back as the tool's"


async def test_a_language_model_is_told_how_to_write_a_call_and_a_tiny_one_is_not():
    for prompt, told in (("full", True), ("short", False)):
        params = {"IntentionGym": {"prompt": prompt}}
        who = Cast(lambda request, seed: Oracle(seed), {"scripted": (1.0, scripted("user"))}, envs.RuleJudge(), params)
        system = json.loads((await play(who, 1)).to_pylist()[0]["messages"])[0]["content"]
        assert ("[choice] content" in system) == told


def test_the_tool_is_part_of_the_prompt_on_the_hermes_wire(tiny_model: Path):
    schema = tool_schema(("action", "finish"))
    opening = Renderer.load(tiny_model, [schema]).opening((Message("user", "date"),))
    assert TOOL_NAME in Renderer.load(tiny_model).decode(opening)


class Thinking:
    """An engine whose policy thinks before it speaks."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    async def generate(self, policy: str, ids: list[int], sampling: Sampling, min_version: int = 0) -> Completion:
        tokens = self._renderer.encode("<think>\ndate june, color red\n</think>\n\nNo matter.")
        return Completion(tokens, [-1.0] * len(tokens), [0] * len(tokens), "stop")


async def test_a_partners_thoughts_stay_its_own(tiny_model: Path):
    partner = partner_factory(PolicySpec("user", str(tiny_model)), Thinking(Renderer.load(tiny_model)), Limits(64, 512))
    who = Cast(lambda request, seed: Oracle(seed), {"user": (1.0, partner)}, envs.RuleJudge(), PARAMS)
    row = (await play(who, 1)).to_pylist()[0]
    assert "No matter." in row["messages"]
    assert "june, color red" not in row["messages"]


class Rambling(Thinking):
    """An engine whose policy never ends."""

    async def generate(self, policy: str, ids: list[int], sampling: Sampling, min_version: int = 0) -> Completion:
        tokens = self._renderer.encode(" date june" * sampling.max_tokens)[: sampling.max_tokens]
        return Completion(tokens, [-1.0] * len(tokens), [0] * len(tokens), "length")


@pytest.mark.parametrize(("room", "finish"), [(4, "context_full"), (8, "length")])
async def test_words_that_the_context_cut_off_are_nobodys_where_they_are_the_action(tiny_model: Path, room: int, finish: str):
    """The same words are cut off by their own length, or by a context that had not even room for that."""
    service, task = Rambling(Renderer.load(tiny_model)), envs.load("UserSimGym", "heldout", count=1)[0]
    heard = View("user", "", (Message("user", "Is it red?"),), fresh=True)
    length = len(Renderer.load(tiny_model).opening(heard.messages))
    factory = policy_factory(PolicySpec("user", str(tiny_model)), service, Limits(8, length + room))
    for played, wanted in ((task, finish), (TASK, "length")):
        speaker = factory(replace(request(1), task=played), 1)
        said = await speaker.speak(heard)
        assert said.finish == wanted and bool(said.text) is (wanted == "length"), "in a gym with a tool nothing is lost"
        (sequence,) = speaker.transcript.sequences
        assert sum(turn >= 0 for turn in sequence.turn) == (0 if wanted == "context_full" else room)


async def test_a_call_that_the_context_cut_off_is_context_full_and_no_error_of_the_user(tiny_model: Path):
    task, renderer = envs.load("UserSimGym", "heldout", count=1)[0], Renderer.load(tiny_model)
    gym = envs.make("UserSimGym", task=task, partner=ConstantSpeaker(""), judge=envs.RuleJudge())
    view = gym.first_view
    length = len(renderer.opening((Message("system", view.system), *view.messages)))
    acting = policy_factory(PolicySpec("user", str(tiny_model)), Rambling(renderer), Limits(8, length + 4))
    who = Cast(acting, {"scripted": (1.0, scripted("partner"))}, envs.RuleJudge(), {})
    table = await run_group(replace(request(1), task=task), who, asyncio.Semaphore(1))
    row = table.to_pylist()[0]
    assert (row["status"], row["ended"], row["turns"]) == (OK, "context_full", []) and "E28" not in row["state"]


CLOSED = View("user", "", (Message("user", "Is it red?"),), choices=CHOICES, fresh=True)


async def test_a_frozen_partner_answers_a_closed_question_by_a_choice(engine: Engine, tiny_model: Path):
    partner = partner_factory(PolicySpec("agent", str(tiny_model)), engine, Limits(24, 512))
    said = await asyncio.gather(*(partner(request(1), seed).speak(CLOSED) for seed in range(24)))
    assert {utterance.text for utterance in said} == set(CHOICES)
    assert {utterance.finish for utterance in said} == {"stop"}
    free = await partner(request(1), 1).speak(replace(CLOSED, choices=()))
    assert free.text not in CHOICES, "untrained words"


async def test_a_policy_that_acts_is_never_held_to_choices(engine: Engine, tiny_model: Path):
    """Its logprobs are learned from, and under a constraint they are not the model's own."""
    acting = policy_factory(PolicySpec("agent", str(tiny_model)), engine, Limits(24, 512))
    words = [(await acting(request(1), 7).speak(replace(CLOSED, choices=choices))).text for choices in (CHOICES, ())]
    assert words[0] == words[1] not in CHOICES


async def test_a_partner_without_room_masks_the_episode(tiny_model: Path):
    partner = partner_factory(PolicySpec("user", str(tiny_model)), Thinking(Renderer.load(tiny_model)), Limits(64, 8))
    who = Cast(lambda request, seed: Oracle(seed), {"user": (1.0, partner)}, envs.RuleJudge(), PARAMS)
    row = (await play(who, 1)).to_pylist()[0]
    assert (row["status"], row["score"]) == ("partner", None)
