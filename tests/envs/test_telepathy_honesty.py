"""Who does not read stays far below who does; the secret stays a secret; demonstrations show nothing held out."""

import pytest
from envs_cases import Recorder
from hypothesis import given, settings
from hypothesis import strategies as st
from telepathy_cases import LAMP, episode, gym, task

import envs
from envs.base import EpisodeOver
from envs.closed import CHOICES
from envs.conversation import converse, drive
from envs.speakers import ConstantSpeaker, FixedScript
from envs.telepathy.attributes import FEATURES, QUESTIONS
from envs.telepathy.baselines import AskEverything, KeywordSpray, RandomPlayer, Repeater, baselines
from envs.telepathy.expert import Demonstrator, Oracle
from envs.telepathy.gym import TelepathyGym
from envs.telepathy.things import things
from envs.telepathy.user import TelepathyUser
from envs.telepathy.wording import DONE, OPENINGS, RIGHT, WRONG
from envs.tool import Call, parse
from envs.verdicts import validate_verdict

HELDOUT = {source: envs.load("TelepathyGym", "heldout", source=source)[:60] for source in ("generated", "handwritten")}
TRAIN = {task.id: task for task in envs.load("TelepathyGym", "train")}
AGENT = envs.demonstrations("TelepathyGym", "agent", 120, 3, recaps=40)
USER = envs.demonstrations("TelepathyGym", "user", 200, 3)


def mean_score(agent, source, partner=TelepathyUser):
    played = HELDOUT[source]
    return sum(episode(agent(seed), task, partner(seed)).score for seed, task in enumerate(played)) / len(played)


@pytest.mark.parametrize("source", HELDOUT)
def test_who_does_not_read_stays_below(source, capsys):
    scripts = baselines(envs.load("TelepathyGym", "train", source=source))
    agents = {
        "oracle": Oracle,
        "demonstrator": Demonstrator,
        "best fixed script": scripts["best_fixed_script"],
        "random": lambda seed: RandomPlayer([source], seed),
        "keyword spray": lambda seed: KeywordSpray(source),
        "ask everything": lambda seed: AskEverything(source),
        "repeater": lambda seed: Repeater(source),
        "finish first": lambda seed: FixedScript(["[finish]"]),
    }
    scores = {name: mean_score(agent, source) for name, agent in agents.items()}
    with capsys.disabled():
        print(f"\nTelepathyGym, 60 heldout {source}: " + ", ".join(f"{name} {score:.3f}" for name, score in scores.items()))
    assert scores.pop("oracle") == 1.0
    assert 0.5 < scores.pop("demonstrator") < 0.95
    assert all(score <= 0.1 for score in scores.values()), scores


def test_scripts_name_things_of_every_source_that_is_played():
    scripts = baselines(envs.load("TelepathyGym", "train", source="all"))
    names = {source: {thing.name for thing in things(source)} for source in HELDOUT}
    named = {
        script: {text.removeprefix("[answer] ") for seed in range(20) for text in scripts[script](seed).utterances}
        for script in ("random", "best_fixed_script")
    }
    for script, said in named.items():
        assert all(said & names[source] for source in HELDOUT), script
    forms = {form for splits in QUESTIONS["handwritten"].values() for form in splits["train"]}
    assert {f"[action] {form}" for form in forms} & named["random"]


@pytest.mark.parametrize("source", HELDOUT)
def test_the_users_words_matter(source):
    assert mean_score(Oracle, source, lambda seed: ConstantSpeaker("OK.")) <= 0.1


def test_trying_names_in_every_turn_does_not_pay_even_without_a_limit():
    names = [task.hidden.name for task in HELDOUT["generated"]]
    script = FixedScript([f"[answer] {name}" for name in names])
    scores = [episode(FixedScript(script.utterances), task, guesses=0).score for task in HELDOUT["generated"]]
    assert sum(scores) == 16, "one name a turn, 16 turns: of all 480 things that would be one in thirty"


class Answering:
    """A judge that answers these, right or not, one after the other."""

    def __init__(self, answers) -> None:
        self.left = list(answers)

    async def verdict(self, request):
        return validate_verdict(request, {"correct": self.left.pop(0)}, "any@1")


ACTIONS = st.one_of(
    st.text(),
    st.builds("[{}] {}".format, st.sampled_from(["action", "answer", "finish", "search"]), st.text()),
    st.sampled_from([f"[action] Is it {word}?" for words in FEATURES.values() for word in words]),
    st.sampled_from([f"[answer] {LAMP}", "[answer] lamp"]),
)


@given(actions=st.lists(ACTIONS, max_size=12), guesses=st.integers(0, 3), prompt=st.sampled_from(["short", "full"]))
@settings(max_examples=150, deadline=None)
def test_any_actions_keep_the_contract(actions, guesses, prompt):
    made, earned, over = gym(guesses=guesses, prompt=prompt, max_turns=8), 0.0, False
    for action in actions:
        if over:
            with pytest.raises(EpisodeOver):
                drive(made.step(action))
            break
        result = drive(made.step(action))
        earned += result.rewards["env"]
        over = result.terminated or result.truncated
        assert result.rewards.keys() == result.sources.keys() and not (result.terminated and result.truncated)
    assert earned == made.score() == float(made.success()) and made.state()["turn"] <= 8


@given(
    verdicts=st.lists(st.booleans() | st.integers(-1, 2) | st.none() | st.text(max_size=5), min_size=1, max_size=8),
    guesses=st.integers(0, 3),
)
@settings(max_examples=150, deadline=None)
def test_any_verdict_is_played_or_refused_and_pays_once(verdicts, guesses):
    """A judge is believed, whatever is guessed; what is no verdict changes nothing."""
    judge = Answering(verdicts)
    made, earned = gym(judge=judge, guesses=guesses, max_turns=8), 0.0
    while judge.left and not made.state()["over"]:
        before, valid = made.state(), isinstance(judge.left[0], bool)
        try:
            result = drive(made.step("[answer] x"))
        except ValueError:
            assert not valid and made.state() == before
            continue
        assert valid and result.rewards["env"] in (0.0, 1.0) and result.sources == {"env": "any@1"}
        earned += result.rewards["env"]
        assert result.terminated == (made.success() or made.state()["guesses"] == guesses)
    assert earned == made.score() == float(made.success())


@given(said=st.text())
@settings(max_examples=100, deadline=None)
def test_whatever_the_partner_says_only_closed_answers_are_observed(said):
    assert drive(gym(ConstantSpeaker(said)).step("[action] Is it red?")).feedback in CHOICES


@pytest.mark.parametrize("prompt", ["short", "full"])
@pytest.mark.parametrize("preset", [None, "userrl"])
def test_the_secret_is_not_in_an_observation(prompt, preset):
    marked = task().hidden.model_copy(update={"name": "zqthing", "aliases": ("zqother",)})
    partner = Recorder("It is a zqthing.")
    made = envs.make(
        "TelepathyGym", task=task(hidden=marked), partner=partner, judge=envs.RuleJudge(), preset=preset, prompt=prompt
    )
    seen = [made.first_view.system, str(made.first_view.messages), str(made.first_view.known)]
    for action in (
        "[action] What is it?",
        "[answer] x",
        "nonsense",
        "[search] y",
        "[action] Is it red?",
        "[answer] y",
        "[finish]",
    ):
        result = drive(made.step(action))
        seen += [result.feedback, str(result.info)]
    assert not any("zq" in text for text in seen)
    assert prompt == "short" or all("zqthing" in view.system for view in partner.views), "the user itself does know"


def test_the_same_task_and_seed_give_the_same_conversation():
    for played in HELDOUT["generated"][:10] + HELDOUT["handwritten"][:10]:
        assert episode(Demonstrator(5), played) == episode(Demonstrator(5), played)


def test_a_gym_may_be_reset_and_played_again():
    made, (first, second, *_) = gym(), HELDOUT["generated"]
    played = drive(converse(made, made.reset(first, 1), Oracle(1)))
    drive(converse(made, made.reset(second, 1), Oracle(1)))
    assert drive(converse(made, made.reset(first, 1), Oracle(1))) == played


def test_an_expert_does_not_believe_what_contradicts_everything():
    assert mean_score(Oracle, "generated", lambda seed: ConstantSpeaker("Yes.")) <= 0.1


def test_demonstrations_depend_on_the_seed_only():
    assert envs.demonstrations("TelepathyGym", "agent", 120, 3, recaps=40) == AGENT
    assert envs.demonstrations("TelepathyGym", "user", 200, 3) == USER
    assert envs.demonstrations("TelepathyGym", "agent", 120, 4, recaps=40) != AGENT


def test_demonstrations_are_of_train_tasks_and_in_their_wording():
    names = {task.hidden.name for task in envs.load("TelepathyGym", "heldout")}
    heldout = {form for forms in QUESTIONS["generated"].values() for form in forms["heldout"]}
    heldout |= set(OPENINGS["generated"]["heldout"])
    said = [message.content for shown in [*AGENT, *USER] for message in shown.messages]
    assert not any(text.removeprefix("[action] ") in heldout for text in said)
    assert not any(text.removeprefix("[answer] ") in names for text in said)
    assert {shown.task_id for shown in [*AGENT, *USER]} <= set(TRAIN)
    assert {shown.messages[1].content for shown in AGENT} == set(OPENINGS["generated"]["train"])


def test_every_turn_of_the_agent_parses_and_roles_alternate():
    for shown in AGENT:
        roles = [message.role for message in shown.messages]
        assert roles == ["system", *["user", "assistant"] * (len(roles) // 2)]
        said = [message.content for message in shown.messages if message.role == "assistant"]
        assert all(isinstance(parse("bracket", text, TelepathyGym.choices), Call) for text in said)


def test_drills_end_with_what_was_confirmed():
    for shown in AGENT[120:]:
        *before, last = [message.content for message in shown.messages[2:]]
        confirmed = {q.rstrip("?").split()[-1] for q, reply in zip(before[::2], before[1::2], strict=True) if reply == "Yes."}
        assert shown.last_only and set(last.removeprefix("[answer] ").split()) == confirmed


def test_users_say_closed_answers_of_all_kinds():
    said = [shown.messages[-1].content for shown in USER]
    assert len(USER) == 200 and set(said) == set(CHOICES) and not set(said) & {RIGHT, WRONG, DONE}
    assert all([m.role for m in shown.messages] == ["system", "user", "assistant"] for shown in USER)
