"""What an imitation is made of, decided before it starts: held-out tasks, mixtures, lengths, steps; and when it is over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from small_run import small

import envs
from actors.transcript import Renderer
from cluster.config import Config, parse
from cluster.config.sft import HeldoutConfig, SFTConfig
from cluster.errors import UserError
from cluster.imitation import heldout, mixture
from cluster.imitation.best import Best
from cluster.imitation.course import Course, course, learner_config
from cluster.imitation.lesson import Lesson
from cluster.imitation.loop import next_due
from envs.base import Message
from envs.tool import TOOL_NAME
from learner.config import KLConfig, LearnerConfig, LoraConfig
from learner.losses import trained_tokens
from learner.packed import pack
from learner.schedule import learning_rate
from learner.sequences import Sequences
from learner.tiny import make_tiny

SOURCES = st.lists(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=30), min_size=1, max_size=3)
WORDS = ("when", "where", "how", "who")


def lesson(task: int, drill: bool = False, source: int = 0) -> Lesson:
    messages = (Message("user", f"{task} {source}"), Message("assistant", "yes"))
    return Lesson("", str(task), messages, (1.0, 1.0), drill)


@given(SOURCES, st.floats(0.05, 0.5), st.integers(0, 5))
def test_a_task_is_on_one_side_only_and_nothing_is_lost(given_sources, share, seed):
    sources = [[lesson(task, drill, n) for task, drill in of_source] for n, of_source in enumerate(given_sources)]
    try:
        train, out = heldout.split(sources, HeldoutConfig(share=share), seed, "sft.agent")
    except UserError:
        return
    kept = [one for of_source in train for one in of_source]
    held = {one.task_id for one in out}
    assert held.isdisjoint(one.task_id for one in kept)
    assert out and not any(one.drill for one in out)
    gone = [one for of_source in sources for one in of_source if one.drill and one.task_id in held]
    assert sorted(map(repr, kept + out + gone)) == sorted(repr(one) for of_source in sources for one in of_source)
    assert heldout.split(sources, HeldoutConfig(share=share), seed, "sft.agent") == (train, out)


@pytest.mark.parametrize(("gym", "all_stay"), [("TelepathyGym", False), ("IntentionGym", True)])
def test_no_drill_tells_a_task_that_is_held_out(gym: str, all_stay: bool):
    lessons = [Lesson.of(shown) for shown in envs.demonstrations(gym, "agent", 40, 0, recaps=40)]
    (train,), out = heldout.split([lessons], HeldoutConfig(share=0.5), 0, "sft.agent")
    assert {one.task_id for one in train}.isdisjoint(one.task_id for one in out)
    assert (sum(one.drill for one in train) == 40) == all_stay


def test_a_number_is_reached_by_whole_tasks_whose_order_does_not_change_when_others_come():
    def drawn(tasks: int) -> list[Lesson]:
        lessons = [lesson(task) for task in range(tasks) for _ in range(3)]
        return heldout.split([lessons], HeldoutConfig(conversations=31), 0, "sft.agent")[1]

    before, after = drawn(100), drawn(120)
    assert len(before) == len(after) == 33
    still = {one.task_id for one in after} & {str(task) for task in range(100)}
    assert still < {one.task_id for one in before}


def test_nothing_left_to_train_on():
    with pytest.raises(UserError, match=r"sft\.agent\.heldout leaves nothing of source 0"):
        heldout.split([[lesson(1), lesson(1)]], HeldoutConfig(share=0.1), 0, "sft.agent")


@given(
    st.lists(st.integers(1, 3), min_size=2, max_size=3),
    st.lists(st.integers(5, 60), min_size=6, max_size=40),
    st.integers(0, 99),
)
def test_shares_are_of_trained_tokens_and_everything_is_seen_before_anything_comes_again(weights, tokens, seed):
    tokens, source = np.array(tokens), np.arange(len(tokens)) % len(weights)
    orders = mixture.orders(source, tokens, weights, 4, seed)
    all_of_them = np.concatenate(orders)
    for number, weight in enumerate(weights):
        taken = all_of_them[source[all_of_them] == number]
        assert abs(tokens[taken].sum() - 4 * tokens.sum() * weight / sum(weights)) <= 60, "one lesson, at most"
        counts = np.bincount(taken, minlength=len(tokens))[source == number]
        assert counts.max() - counts.min() <= 1
    again = mixture.orders(source, tokens, weights, 4, seed)
    assert all(np.array_equal(one, other) for one, other in zip(orders, again, strict=True))


def test_a_source_alone_is_passed_through_once_an_epoch():
    orders = mixture.orders(np.zeros(7, np.int64), np.arange(3, 10), [2.5], 3, 0)
    assert [sorted(order.tolist()) for order in orders] == [list(range(7))] * 3


def test_patience_counts_measurements_without_a_lower_loss():
    best = Best()
    seen = [(best.observe(step, loss), best.exhausted(2)) for step, loss in enumerate([3.0, 2.0, 2.0, 2.5, 1.0])]
    assert seen == [(True, False), (True, False), (False, False), (False, True), (True, False)]
    assert (best.step, best.loss) == (4, 1.0) and not best.exhausted(None)


def test_the_learner_is_called_up_to_whatever_is_due_next():
    assert [next_due(step, [10, 0, 15], 33) for step in (0, 10, 15, 29, 30)] == [10, 15, 20, 30, 33]


# -- courses of a real tokenizer ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("model") / "tiny", [" ".join(WORDS)] * 9, 0)


def talk(folder: Path, name: str, count: int, turns: int) -> str:
    path = folder / name
    said = [{"role": role, "content": WORDS[turn % 4]} for turn in range(turns) for role in ("user", "assistant")]
    path.write_text("\n".join(json.dumps({"id": number, "messages": said}) for number in range(count)))
    return str(path)


def planned(root: Path, model: Path, wire: str = "bracket", **settings: Any) -> Course:
    sections: dict[str, Any] = {"sft": {"agent": {"epochs": 2, "tokens_per_step": 200, **settings}}}
    sections["policies"] = {
        "agent": {"model": str(model), "train": True, "wire": wire},
        "user": {"mix": [{"speaker": "scripted"}]},
    }
    config: Config = small(root, **sections)
    assert config.sft is not None and config.sft.agent is not None
    return course(config, "agent", config.sft.agent, model)


def test_a_mixture_has_the_shares_that_were_asked_for(tmp_path: Path, tiny: Path):
    files = [
        {"file": talk(tmp_path, "long.jsonl", 20, 8), "weight": 1},
        {"file": talk(tmp_path, "short.jsonl", 60, 1), "weight": 3},
    ]
    plan = planned(tmp_path, tiny, sources=files, epochs=3)
    sequences = Sequences.of(plan.table)
    trained = sequences.per_row(trained_tokens("nll", sequences))
    rows = [row for update in plan.updates for micro in update.micro_batches[0] for row in micro.rows]
    share = trained[[row for row in rows if row < 20]].sum() / trained[rows].sum()
    assert share == pytest.approx(0.25, abs=0.01)
    assert trained[rows].sum() == pytest.approx(3 * trained.sum(), rel=0.02)
    assert plan.steps_per_epoch == len(plan.updates) / 3


def test_steps_are_packed_without_padding_into_a_budget(tmp_path: Path, tiny: Path):
    source = [{"file": talk(tmp_path, "talk.jsonl", 60, 2)}]
    plan = planned(tmp_path, tiny, sources=source, tokens_per_micro_batch=64)
    sequences = Sequences.of(plan.table)
    assert sum(plan.tokens) == 2 * sequences.lengths.sum(), "each token once an epoch, and nothing else"
    micros = [micro for update in plan.updates for micro in update.micro_batches[0]]
    computed = [pack(sequences, micro.rows, trained_tokens("nll", sequences))[0].segments.tokens for micro in micros]
    assert max(computed) <= 64 and sum(computed) / len(computed) > 0.6 * 64, "the budget is kept, and used"


def test_what_is_held_out_is_not_learned_and_is_examined_whole(tmp_path: Path, tiny: Path):
    plan = planned(tmp_path, tiny, sources=[{"file": talk(tmp_path, "talk.jsonl", 50, 2)}], heldout={"share": 0.2})
    assert plan.heldout is not None and (plan.heldout.num_rows, plan.table.num_rows) == (10, 40)
    assert set(plan.heldout["task_id"].to_pylist()).isdisjoint(plan.table["task_id"].to_pylist())
    assert set(plan.heldout["split"].to_pylist()) == {"heldout"}
    (exam,) = plan.exam
    assert sorted(row for micro in exam.micro_batches[0] for row in micro.rows) == list(range(10))


def test_a_conversation_that_is_too_long_is_an_error_or_listed_and_never_cut(tmp_path: Path, tiny: Path):
    sources = [{"file": talk(tmp_path, "short.jsonl", 9, 1)}, {"file": talk(tmp_path, "long.jsonl", 2, 30)}]
    with pytest.raises(UserError) as caught:
        planned(tmp_path, tiny, sources=sources, max_tokens=100)
    assert "sft.agent: 2 of 11 conversations have more than 100 tokens" in str(caught.value)
    assert "task long.jsonl:0" in str(caught.value) and "too_long=drop" in str(caught.value)
    plan = planned(tmp_path, tiny, sources=sources, max_tokens=100, too_long="drop")
    assert [task for task, tokens in plan.left_out if tokens > 100] == ["long.jsonl:0", "long.jsonl:1"]
    assert plan.table.num_rows == 9
    with pytest.raises(UserError, match="11 of 11"):
        planned(tmp_path, tiny, sources=sources, max_tokens=3, too_long="drop")
    with pytest.raises(UserError, match="max_tokens is 9999: the model holds 4096"):
        planned(tmp_path, tiny, sources=sources, max_tokens=9999)


def test_on_the_hermes_wire_an_agent_is_imitated_with_the_prompt_it_plays_with(tmp_path: Path, tiny: Path):
    source = [{"file": talk(tmp_path, "talk.jsonl", 3, 1)}]
    opening = list(Renderer.acting(tiny, "hermes").opening((Message("user", WORDS[0]),)))
    assert TOOL_NAME in Renderer.load(tiny).decode(opening)
    for ids in planned(tmp_path, tiny, "hermes", sources=source).table["tokens"].to_pylist():
        assert ids[: len(opening)] == opening


def test_warmup_in_steps_or_as_a_share_and_a_floor(tmp_path: Path, tiny: Path):
    source = [{"file": talk(tmp_path, "talk.jsonl", 60, 2)}]
    in_steps = planned(tmp_path, tiny, sources=source, warmup=3, lr=1.0, min_lr=0.1)
    lrs = [update.lr for update in in_steps.updates]
    assert lrs[:4] == [0.25, 0.5, 0.75, 1.0] and max(lrs) == 1.0
    assert 0.1 < lrs[-1] < 0.2
    share = planned(tmp_path, tiny, sources=source, warmup=3 / len(lrs), lr=1.0, min_lr=0.1)
    assert [update.lr for update in share.updates] == lrs
    with pytest.raises(UserError, match=r"sft\.agent\.warmup is 5000 steps: the imitation has only"):
        planned(tmp_path, tiny, sources=source, warmup=5000)


def test_schedules_end_at_their_floor():
    for schedule in ("linear", "cosine"):
        config = LearnerConfig(lr=2.0, schedule=schedule)
        values = [learning_rate(config, step, 1000, floor=0.25) for step in range(1000)]
        assert values[0] == 2.0 and values[-1] == pytest.approx(0.5, abs=0.002) and min(values) >= 0.5


def test_the_example_of_the_page_is_a_configuration():
    page = (Path(__file__).parents[2] / "docs" / "imitation.md").read_text()
    example = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])
    section = parse(example, elsewhere=True).sft
    assert section is not None and section.agent is not None and section.agent.sources is not None
    assert [source.weight for source in section.agent.sources] == [1.0, 3.0]


def test_nothing_to_learn(tmp_path: Path, tiny: Path):
    source = [{"file": talk(tmp_path, "talk.jsonl", 3, 1)}]
    with pytest.raises(UserError, match=r"sft\.agent\.weights leave nothing to learn"):
        planned(tmp_path, tiny, sources=source, weights={"assistant": 0, "user": 0, "system": 0, "tool": 1})


def test_the_loss_of_the_policy_has_no_part_in_imitation():
    kl = KLConfig(coef=0.1, to="/models/of/the/agent")
    own = learner_config(LearnerConfig(loss="dr_grpo", aggregate="constant", kl=kl, lora=LoraConfig()), SFTConfig())
    assert (own.denominator, own.kl, own.lora, own.zero_stage) == ("token", KLConfig(), None, 0)
    assert learner_config(LearnerConfig(dtype="bfloat16"), SFTConfig()).zero_stage == 2
