"""Imitation sees the tokens that a rollout would have recorded, and the weights that say what to learn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from actors.transcript import Renderer
from cluster.config.sft import SpeakerWeights
from cluster.errors import UserError
from cluster.imitation.lesson import Lesson
from cluster.imitation.lesson_table import History, lengths, lesson_table
from envs.base import Demonstration, Message
from learner.tiny import make_tiny
from rewards.trajectory import concat

MESSAGES = (
    Message("system", "Ask."),
    Message("user", "a trip"),
    Message("assistant", "[action] date?"),
    Message("user", "june"),
    Message("assistant", "[answer] date june"),
)
TOOLS = (
    Message("system", "Ask."),
    Message("user", "a trip"),
    Message("assistant", "[action] date?"),
    Message("tool", "three found"),
    Message("user", "june"),
    Message("assistant", "[answer] date june"),
)
EQUAL = SpeakerWeights(user=0.25, system=0.25, tool=0.25)


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    texts = [f"{message.role}\n{message.content}\n" for message in TOOLS] * 50
    return Renderer.load(make_tiny(tmp_path_factory.mktemp("model") / "tiny", texts, seed=0))


def lesson(messages: tuple[Message, ...] = MESSAGES, last_only: bool = False) -> Lesson:
    return Lesson.of(Demonstration("IntentionGym", "t", "agent", messages, last_only))


def rows(renderer: Renderer, shown: Lesson, weights: SpeakerWeights = EQUAL, history: History = "keep") -> list[dict]:
    return lesson_table([shown], renderer, "agent", weights, history=history).to_pylist()


def words(cell: dict, renderer: Renderer, weight: float) -> str:
    """What carries a weight, special tokens left out."""
    return renderer.decode([t for t, w in zip(cell["tokens"], cell["advantage"], strict=True) if w == pytest.approx(weight)])


def test_the_tokens_are_the_chat_as_the_template_renders_it(renderer: Renderer):
    chat = [{"role": message.role, "content": message.content} for message in MESSAGES]
    rendered = renderer._tokenizer.apply_chat_template(chat, tokenize=False).removesuffix("\n")
    assert renderer._tokenizer.decode(rows(renderer, lesson())[0]["tokens"]) == rendered


def test_words_to_imitate_weigh_one_and_context_less(renderer: Renderer):
    cell = rows(renderer, lesson())[0]
    assert words(cell, renderer, 1.0) == "[action] date?[answer] date june"
    assert "june" in words(cell, renderer, 0.25)
    assert [turn["turn"] for turn in cell["turns"]] == [0, 1]
    assert all(logprob is None for logprob in cell["logprobs"]), "nobody sampled them"


def test_a_drill_imitates_its_last_words_only(renderer: Renderer):
    cell = rows(renderer, lesson(last_only=True))[0]
    assert words(cell, renderer, 1.0) == "[answer] date june"
    assert set(cell["advantage"]) == {0.0, 1.0}, "nothing else weighs anything, its random context least of all"


def test_every_speaker_has_a_weight_of_its_own(renderer: Renderer):
    weights = SpeakerWeights(assistant=1.0, user=0.5, system=0.25, tool=0.75)
    cell = rows(renderer, lesson(TOOLS), weights)[0]
    assert words(cell, renderer, 1.0) == "[action] date?[answer] date june"
    assert words(cell, renderer, 0.25) == "system\nAsk."
    # The frame of a message goes with it, the generation prompt with the message before.
    assert words(cell, renderer, 0.5) == "\nuser\na trip\nassistant\n\nuser\njune\nassistant\n"
    assert words(cell, renderer, 0.75) == "\ntool\nthree found"


def test_weights_of_different_speakers_that_are_equal_are_as_one_weight_for_all(renderer: Renderer):
    messages, weights = TOOLS[:2], (0.5, 0.5)
    assert [weights[owner] for owner in renderer.owners(messages, opening=True)] == [0.5] * len(renderer.opening(messages))
    assert len(renderer.owners(TOOLS[3:5], opening=False)) == len(renderer.delta(TOOLS[3:5], True))


GROUPING = """\
{%- if messages | selectattr('role', 'equalto', 'user') | list | length == 0 %}{{ raise_exception('no user') }}{% endif %}
{%- for m in messages %}
{%- if m.role != 'tool' %}{{- '<|im_start|>' + m.role + '\\n' + m.content | trim + '<|im_end|>\\n' }}
{%- else %}{%- if messages[loop.index0 - 1].role != 'tool' %}{{- '<|im_start|>user' }}{% endif %}
{{- '\\n<r>' + m.content + '</r>' }}
{%- if loop.last or messages[loop.index0 + 1].role != 'tool' %}{{- '<|im_end|>\\n' }}{% endif %}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""
"""Puts what several tools say into one turn, trims, and wants a user, as templates of large models do."""


def test_the_weights_fit_a_template_that_puts_messages_together(tmp_path: Path):
    path = make_tiny(tmp_path / "tiny", ["system user assistant tool Ask. trip one two three"] * 50, 0)
    (path / "chat_template.jinja").write_text(GROUPING)
    renderer = Renderer.load(path)
    tools = (Message("tool", "one"), Message("tool", "two"), Message("user", "three"))
    messages = (*TOOLS[:3], *tools, Message("assistant", "yes"))
    shown = replace(lesson(messages), factors=(1.0, 1.0, 1.0, 1.0, 0.5, 1.0, 1.0))
    cell = rows(renderer, shown, SpeakerWeights(user=0.25, system=0.125, tool=1.5))[0]
    assert words(cell, renderer, 0.125) == "system\nAsk."
    assert words(cell, renderer, 0.75) == "two</r>", "up to its contents the turn is that of the first"
    assert words(cell, renderer, 1.5) == "\nuser\n<r>one</r>\n<r>"
    assert words(cell, renderer, 0.25) == "\nuser\na trip\nassistant\n\nuser\nthree\nassistant\n"


def test_a_template_that_refuses_a_role_is_one_sentence_that_names_the_task(tmp_path: Path):
    path = make_tiny(tmp_path / "tiny", ["system user assistant tool Ask. trip one two three"] * 50, 0)
    (path / "chat_template.jinja").write_text(GROUPING)
    shown = lesson((MESSAGES[0], MESSAGES[2]))
    with pytest.raises(UserError, match=r"^sft\.agent: the model's chat template refuses .* task t: no user$"):
        rows(Renderer.load(path), shown)


def test_a_message_with_a_factor_weighs_so_much_less(renderer: Renderer):
    shown = replace(lesson(), factors=(1.0, 1.0, 0.0, 1.0, 0.5))
    cell = rows(renderer, shown)[0]
    assert words(cell, renderer, 0.0) == "[action] date?"
    assert words(cell, renderer, 0.5) == "[answer] date june"


def test_where_a_policy_forgets_its_thoughts_every_turn_is_a_row_and_context_is_learned_once(renderer: Renderer):
    first, second = rows(renderer, lesson(), history="strip")
    assert (first["sequence"], second["sequence"]) == (0, 1) and first["episode_id"] == second["episode_id"]
    assert words(first, renderer, 1.0) == "[action] date?" and "trip" in words(first, renderer, 0.25)
    assert words(second, renderer, 1.0) == "[answer] date june"
    assert set(second["advantage"]) == {0.0, 1.0}, "june, heard after the first turn, is in no row with a weight"
    assert [turn["turn"] for turn in second["turns"]] == [1]


def test_lengths_are_of_the_longest_row_of_a_lesson(renderer: Renderer):
    table = concat([lesson_table([lesson(), lesson(TOOLS)], renderer, "agent", EQUAL, history="strip")])
    longest = [max(len(row["tokens"]) for row in rows(renderer, shown, history="strip")) for shown in (lesson(), lesson(TOOLS))]
    assert lengths(table) == dict(enumerate(longest))
