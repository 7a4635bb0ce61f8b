"""Imitation sees the tokens that a rollout would have recorded, and the weights that say what to learn."""

from __future__ import annotations

import pytest

from actors.transcript import Renderer
from cluster.config.sections import SFTConfig
from cluster.start.sft import _learner_config, demonstration_table
from envs.base import Demonstration, Message
from learner.config import KLConfig, LearnerConfig
from learner.tiny import make_tiny

MESSAGES = (
    Message("system", "Ask."),
    Message("user", "a trip"),
    Message("assistant", "[action] date?"),
    Message("user", "june"),
    Message("assistant", "[answer] date june"),
)


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    texts = [f"{message.role}\n{message.content}\n" for message in MESSAGES] * 50
    return Renderer.load(make_tiny(tmp_path_factory.mktemp("model") / "tiny", texts, seed=0))


def row(renderer: Renderer, last_only: bool) -> dict:
    shown = Demonstration("IntentionGym", "t", "agent", MESSAGES, last_only)
    return demonstration_table([shown], renderer, "agent", 0.25).to_pylist()[0]


def words(cell: dict, renderer: Renderer, weight: float) -> str:
    """What carries a weight, special tokens left out."""
    return renderer.decode([t for t, w in zip(cell["tokens"], cell["advantage"], strict=True) if w == weight])


def test_the_tokens_are_the_chat_as_the_template_renders_it(renderer: Renderer):
    chat = [{"role": message.role, "content": message.content} for message in MESSAGES]
    rendered = renderer._tokenizer.apply_chat_template(chat, tokenize=False).removesuffix("\n")
    assert renderer._tokenizer.decode(row(renderer, False)["tokens"]) == rendered


def test_words_to_imitate_weigh_one_and_context_less(renderer: Renderer):
    cell = row(renderer, False)
    assert words(cell, renderer, 1.0) == "[action] date?[answer] date june"
    assert "june" in words(cell, renderer, 0.25)
    assert [turn["turn"] for turn in cell["turns"]] == [0, 1]
    assert all(logprob is None for logprob in cell["logprobs"]), "nobody sampled them"


def test_a_drill_imitates_its_last_words_only(renderer: Renderer):
    cell = row(renderer, True)
    assert words(cell, renderer, 1.0) == "[answer] date june"
    assert set(cell["advantage"]) == {0.0, 1.0}, "nothing else weighs anything, its random context least of all"


def test_the_loss_of_the_policy_has_no_part_in_imitation():
    learner = LearnerConfig(loss="dr_grpo", aggregate="constant", kl=KLConfig(coef=0.1, to="/models/of/the/agent"))
    own = _learner_config(learner, SFTConfig())
    assert own.denominator == "token"
    assert own.kl == KLConfig()
