"""Who does not read the task stays far below who does; every secret stays a secret; no string breaks the gym."""

import random
from itertools import pairwise

import pytest
from envs_cases import Recorder, ask, episode, gym, task
from hypothesis import given, settings
from hypothesis import strategies as st

import envs
from envs import registry
from envs.base import EpisodeOver
from envs.conversation import converse, drive
from envs.intention.baselines import (
    AskEverything,
    CategoryScript,
    FixedScript,
    KeywordSpray,
    Oracle,
    RandomAsker,
    best_fixed_script,
)
from envs.intention.catalogue import QUESTIONS, SLOTS, VALUES
from envs.intention.expert import Demonstrator
from envs.intention.gym import LADDER
from envs.intention.knowledge import knowledge
from envs.intention.loader import WRITTEN
from envs.intention.task import Hidden
from envs.intention.user import IntentionUser
from envs.speakers import ConstantSpeaker
from envs.verdicts import validate_verdict

NAME = "IntentionGym"
POOL = ("what", "is", "the", "which", "do", "you", "want", *VALUES["food"])
TASKS = {source: envs.load("IntentionGym", "heldout", source=source)[:100] for source in ("generated", *WRITTEN)}
HELDOUT = TASKS["generated"]


def mean_score(agent, partner=lambda seed: IntentionUser(seed), tasks=HELDOUT):
    return sum(episode(agent(seed), task, partner(seed)).score for seed, task in enumerate(tasks)) / len(tasks)


@pytest.fixture(scope="module")
def fixed():
    return best_fixed_script(envs.load("IntentionGym", "train")[:1000])


@pytest.mark.parametrize("source", TASKS)
def test_who_does_not_read_stays_below(source, fixed, capsys):
    every = " ".join(detail.inquiries[0] for task in TASKS[source] for detail in task.hidden.details)
    agents = {
        "oracle": Oracle,
        "category script": lambda seed: CategoryScript(),
        "demonstrator": Demonstrator,
        "best fixed script": lambda seed: FixedScript(fixed.utterances, fixed.closing),
        "random": RandomAsker,
        "keyword spray": lambda seed: KeywordSpray(),
        "ask everything": lambda seed: AskEverything(),
        "ask every question of the list": lambda seed: FixedScript([f"[action] {every}"]),
        "finish first": lambda seed: FixedScript(["[finish]"]),
    }
    scores = {name: mean_score(agent, tasks=TASKS[source]) for name, agent in agents.items()}
    with capsys.disabled():
        print(
            f"\nIntentionGym, {len(TASKS[source])} heldout tasks, {source}: "
            + ", ".join(f"{name} {score:.3f}" for name, score in scores.items())
        )
    assert scores["oracle"] >= 0.95
    assert scores["demonstrator"] < scores["oracle"] - 0.3
    assert scores["demonstrator"] > 0.3, "noisy, but it plays"
    for name in scores.keys() - {"oracle", "category script", "demonstrator"}:
        assert scores[name] < 0.45, name


@pytest.mark.parametrize("source", WRITTEN)
def test_who_knows_the_written_lists_knows_no_value(source):
    for played in TASKS[source]:
        details = tuple(d.model_copy(update={"value": f"value{i}zq"}) for i, d in enumerate(played.hidden.details))
        known, other = knowledge(played.visible.request), played.model_copy(update={"hidden": Hidden(details=details)})
        assert known.wanted == tuple(d.slot for d in details)
        assert all(known.questions[d.slot] == d.inquiries for d in details)
        assert episode(Oracle(1), other).score == 1.0, "it says what it was told"
        said = [m.content for m in episode(Oracle(1), played, ConstantSpeaker("OK.")).messages if m.role == "assistant"]
        assert said[-1] == "[finish]" and all(text.startswith("[action]") for text in said[:-1])


def test_a_run_on_a_written_list_has_baselines_that_mean_something():
    scripts = registry.entry(NAME).baselines(envs.load(NAME, "train", source="legal"))
    means = {name: mean_score(script, tasks=TASKS["legal"]) for name, script in scripts.items()}
    assert means["oracle"] >= 0.9 and max(means["random"], means["best_fixed_script"]) < 0.1


def test_the_demonstrator_plays_what_nobody_knows():
    """A request of a file of one's own: every slot of the catalogue may be open, so no question is useless."""
    strange = task(source="handwritten", visible=task().visible.model_copy(update={"request": "I want something."}))
    assert [episode(Demonstrator(seed, useless=1, vague=0, double=0), strange).turns for seed in range(5)]


def test_the_users_words_matter():
    assert mean_score(Oracle, lambda seed: ConstantSpeaker("OK.")) <= mean_score(Oracle) - 0.2


def test_asking_pairs_brings_nothing_on_any_task():
    pairs = FixedScript([f"[action] {QUESTIONS[0].format(slot=a)} {QUESTIONS[0].format(slot=b)}" for a, b in pairwise(SLOTS)])
    assert all(episode(pairs, task).score == 0 for task in HELDOUT[:20])


@given(seed=st.integers(0, 10**6), end=st.sampled_from(["?", ".", ""]))
@settings(max_examples=50, deadline=None)
def test_word_salad_earns_nothing(seed, end):
    rng = random.Random(seed)
    salad = [*rng.sample(SLOTS, rng.randint(2, 8)), *rng.sample(POOL, rng.randint(0, len(POOL)))]
    rng.shuffle(salad)
    script = FixedScript([f"[action] {' '.join(salad)}{end}"])
    assert all(episode(script, HELDOUT[seed % 100], strict=strict, closing=False).score == 0 for strict in (True, False))


def marked(played):
    """The task with every hidden text replaced by a marker."""
    texts = {"slot": "slot{}zq", "description": "about{}zq", "value": "value{}zq"}
    details = tuple(
        detail.model_copy(
            update={key: text.format(index) for key, text in texts.items()} | {"inquiries": (f"Say inquiry{index}zq now?",)}
        )
        for index, detail in enumerate(played.hidden.details)
    )
    return played.model_copy(update={"hidden": Hidden(details=details)})


@pytest.mark.parametrize("prompt", ["short", "full"])
@pytest.mark.parametrize("preset", [None, "userrl"])
def test_no_secret_is_shown_before_it_is_told(prompt, preset):
    secret = marked(task())
    for actions in (
        [ask("date"), "[action] Hm?", "[answer] x", "nonsense", "[search] y", *["[action] Hm?"] * 20],
        [ask("date"), "[finish]"],
        ["[action] Say inquiry1zq now?", *["[action] Hm?"] * 20],
    ):
        partner = Recorder(IntentionUser(0))
        made = envs.make("IntentionGym", task=secret, partner=partner, judge=envs.RuleJudge(), preset=preset, prompt=prompt)
        seen = [made.first_view.system, str(made.first_view.messages), str(made.first_view.known)]
        for action in actions:
            result = drive(made.step(action))
            seen.append(result.feedback.replace("slot1zq value1zq", "REVEALED") if "inquiry1zq" in action else result.feedback)
            if result.terminated or result.truncated:
                break
        assert not any("zq" in text for text in seen)
        assert any("REVEALED" in text for text in seen) == ("inquiry1zq" in actions[0])
        assert all("value0zq" in view.system for view in partner.views), "the user itself does know"


ACTIONS = st.one_of(
    st.text(),
    st.builds("[{}] {}".format, st.sampled_from(["action", "answer", "finish", "search"]), st.text()),
    st.sampled_from([ask(slot) for slot in SLOTS]),
    st.just("[answer] date june; food soup; music jazz"),
)


@given(
    actions=st.lists(ACTIONS, max_size=12),
    strict=st.booleans(),
    closing=st.booleans(),
    prompt=st.sampled_from(["short", "full"]),
)
@settings(max_examples=150, deadline=None)
def test_any_actions_keep_the_contract(actions, strict, closing, prompt):
    made = gym(strict=strict, closing=closing, prompt=prompt, max_turns=8)
    earned, over = 0.0, False
    for action in actions:
        if over:
            with pytest.raises(EpisodeOver):
                drive(made.step(action))
            break
        result = drive(made.step(action))
        earned += result.rewards["env"]
        over = result.terminated or result.truncated
        assert 0 <= result.rewards["env"] <= 1.05 and result.rewards.keys() == result.sources.keys()
        assert not (result.terminated and result.truncated) and made.signature()
    assert 0 <= made.score() <= 1 and made.state()["turn"] <= 8
    assert made.score() == pytest.approx(earned * 20 / sum(LADDER[d.importance] for d in task().hidden.details))


class Answering:
    """A judge that answers these, whatever is asked, one after the other."""

    def __init__(self, answers) -> None:
        self.left = list(answers)

    async def verdict(self, request):
        return validate_verdict(request, self.left.pop(0), "any@1")


POSITION = st.integers(-2, 4) | st.booleans() | st.none() | st.text(max_size=2)
COVERED = st.lists(st.integers(0, 2), max_size=3) | st.lists(POSITION, max_size=4)
VERDICT = st.fixed_dictionaries({"on_topic": st.booleans() | st.just("yes"), "covered": COVERED})


@given(verdicts=st.lists(VERDICT, min_size=1, max_size=10), strict=st.booleans(), closing=st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_verdict_is_played_or_refused_and_pays_each_detail_once(verdicts, strict, closing):
    judge = Answering(verdicts)
    made, earned = gym(ConstantSpeaker("OK."), judge, strict=strict, closing=closing, max_turns=8), 0.0
    while judge.left and not made.state()["over"] and not made.state()["closing"]:
        before = made.state()
        try:
            result = drive(made.step("[action] Hm?"))
        except ValueError as error:
            assert str(error).startswith("intention.coverage: ") and made.state() == before
            continue
        now = made.state()
        assert 0 <= result.rewards["env"] <= 1 and result.sources == {"env": "any@1"}
        assert len(set(now["covered"])) == len(now["covered"]) <= 3 and (
            not strict or len(now["covered"]) <= len(before["covered"]) + 1
        )
        assert result.rewards["env"] == 0 or len(now["covered"]) > len(before["covered"])
        earned += result.rewards["env"]
    assert 0 <= made.score() <= (0.5 if closing else 1) and made.success() <= (not closing)
    assert made.score() == pytest.approx(earned * 20 / sum(LADDER[d.importance] for d in task().hidden.details))


def test_the_same_task_and_seed_give_the_same_conversation():
    for played in [*HELDOUT[:10], *(played for source in WRITTEN for played in TASKS[source][:3])]:
        assert episode(Demonstrator(5), played, IntentionUser(5)) == episode(Demonstrator(5), played, IntentionUser(5))


def test_a_gym_may_be_reset_and_played_again():
    made = gym()
    first = drive(converse(made, made.reset(HELDOUT[0], 1), Oracle(1)))
    drive(converse(made, made.reset(HELDOUT[1], 1), Oracle(1)))
    assert drive(converse(made, made.reset(HELDOUT[0], 1), Oracle(1))) == first
