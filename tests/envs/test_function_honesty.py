"""Who does not infer stays far below who does; the rule stays a secret; demonstrations show nothing held out."""

import re

import pytest
from function_cases import EXPECTED, Silent, episode, gym, task
from hypothesis import given, settings
from hypothesis import strategies as st

import envs
from envs.base import EpisodeOver, Utterance
from envs.conversation import converse, drive
from envs.function.baselines import NumberSpray, Repeater, baselines
from envs.function.expert import Demonstrator, Oracle
from envs.function.gym import FunctionGym
from envs.function.wording import OPENINGS
from envs.speakers import FixedScript
from envs.tool import Call, parse

HELDOUT = {source: envs.load("FunctionGym", "heldout", source=source, count=60) for source in ("square", "power")}
TRAIN = {task.id: task for task in envs.load("FunctionGym", "train")}
AGENT = envs.demonstrations("FunctionGym", "agent", 120, 3, recaps=40)


class Echo:
    """Looks the test case up, and answers the last number it read."""

    async def speak(self, view):
        numbers = re.findall(r"-?\d+", view.messages[-1].content)
        return Utterance(f"[answer] {numbers[-1]}" if numbers else "[search] test")


def mean_score(agent, source, **params):
    played = HELDOUT[source]
    return sum(episode(agent(seed), task, **params).score for seed, task in enumerate(played)) / len(played)


@pytest.mark.parametrize("source", HELDOUT)
def test_who_does_not_infer_stays_below(source, capsys):
    scripts = baselines(envs.load("FunctionGym", "train", source=source))
    agents = {
        "oracle": Oracle,
        "demonstrator": Demonstrator,
        "best fixed script": scripts["best_fixed_script"],
        "random": scripts["random"],
        "number spray": lambda seed: NumberSpray(),
        "repeater": lambda seed: Repeater(),
        "echo": lambda seed: Echo(),
        "finish first": lambda seed: FixedScript(["[finish]"]),
    }
    scores = {name: mean_score(agent, source) for name, agent in agents.items()}
    with capsys.disabled():
        print(f"\nFunctionGym, 60 heldout {source}: " + ", ".join(f"{name} {score:.3f}" for name, score in scores.items()))
    assert scores.pop("oracle") == 1.0
    assert 0.5 < scores.pop("demonstrator") < 0.95
    assert scores["finish first"] == 0.0
    assert all(score <= 0.1 for score in scores.values()), scores


@pytest.mark.parametrize("source", HELDOUT)
def test_the_oracle_plays_userrls_rules_too(source):
    assert mean_score(Oracle, source, answers=0, numbers="any") >= 0.95


def test_trying_results_one_after_the_other_does_not_pay_even_without_a_limit():
    small = FixedScript([f"[answer] {number}" for number in range(-4, 12)])
    scores = [episode(FixedScript(small.utterances), task, answers=0).score for task in HELDOUT["square"]]
    assert sum(scores) / len(scores) <= 0.15


def test_a_probe_beside_the_test_case_gives_nothing_away():
    """specs/gyms.md 11, 6: UserRL tells the answer to four decimals for 3.00000001 instead of 3."""

    class Neighbour:
        async def speak(self, view):
            text = view.messages[-1].content
            case = re.search(r"test case is (\d+) (\d+) (\d+) (\d+)", text)
            result = re.search(r"gives (.+)\.$", text)
            if case:
                return Utterance(f"[action] {case[1]}.00000001 {case[2]} {case[3]} {case[4]}")
            return Utterance(f"[answer] {result[1]}" if result else "[search] test")

    for params in ({}, {"answers": 0, "numbers": "any"}):
        assert all(episode(Neighbour(), task, **params).score == 0.0 for task in HELDOUT["square"][:20])


ACTIONS = st.one_of(
    st.text(),
    st.builds("[{}] {}".format, st.sampled_from(["action", "answer", "search", "finish"]), st.text()),
    st.builds("[action] {} {} {} {}".format, *[st.integers(-120, 120) | st.floats()] * 4),
    st.builds("[answer] {}".format, st.integers() | st.floats() | st.fractions()),
    st.sampled_from(["[search] test", f"[answer] {EXPECTED}", "[action] 2 5 3 4", "[answer] -13.666666666"]),
)


@given(
    actions=st.lists(ACTIONS, max_size=12),
    answers=st.integers(0, 3),
    numbers=st.sampled_from(["whole", "any"]),
    prompt=st.sampled_from(["short", "full"]),
)
@settings(max_examples=200, deadline=None)
def test_any_actions_keep_the_contract(actions, answers, numbers, prompt):
    made, earned, over = gym(answers=answers, numbers=numbers, prompt=prompt, max_turns=8), 0.0, False
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


@pytest.mark.parametrize("prompt", ["short", "full"])
@pytest.mark.parametrize("preset", [None, "userrl"])
def test_rule_and_result_are_not_in_an_observation(prompt, preset):
    played = task("(a + b) * 1000003 + c * 0 + d * 1009", (2, 5, 3, 4))
    made = envs.make("FunctionGym", task=played, partner=Silent(), judge=Silent(), preset=preset, prompt=prompt)
    seen = [made.first_view.system, str(made.first_view.messages), str(made.first_view.known)]
    for action in ("[action] rule", "[action] 2 5 3 4", "[answer] 1", "nonsense", "[search] rule", "[answer] x", "[finish]"):
        result = drive(made.step(action))
        seen += [result.feedback, str(result.info)]
    assert not any(secret in text for text in seen for secret in ("1000003", "1009", "7004057", "2 5 3 4"))
    assert made.state()["rule"] == played.hidden.rule, "people may read it afterwards"


def test_the_same_task_and_seed_give_the_same_conversation():
    for played in HELDOUT["square"][:10] + HELDOUT["power"][:10]:
        assert episode(Demonstrator(5), played) == episode(Demonstrator(5), played)


def test_a_gym_may_be_reset_and_played_again():
    made, (first, second, *_) = gym(), HELDOUT["square"]
    played = drive(converse(made, made.reset(first, 1), Oracle(1)))
    drive(converse(made, made.reset(second, 1), Oracle(1)))
    assert drive(converse(made, made.reset(first, 1), Oracle(1))) == played


def test_an_expert_gives_up_on_what_the_grammar_does_not_hold():
    played = episode(Oracle(0), task("a + b + c + d + 1000"))
    assert played.score == 0.0 and played.ended == "terminated"


def test_demonstrations_depend_on_the_seed_only():
    assert envs.demonstrations("FunctionGym", "agent", 120, 3, recaps=40) == AGENT
    assert envs.demonstrations("FunctionGym", "agent", 120, 4, recaps=40) != AGENT
    assert envs.demonstrations("FunctionGym", "user", 20, 3) == []


def test_demonstrations_are_of_train_tasks_and_in_their_wording():
    assert {shown.task_id for shown in AGENT} <= set(TRAIN) and len({shown.task_id for shown in AGENT}) == 160
    assert {shown.messages[1].content for shown in AGENT} == set(OPENINGS["square"]["train"])
    assert not any("," in m.content for shown in AGENT for m in shown.messages if m.content.startswith("[action]"))


def test_every_turn_of_the_agent_parses_and_roles_alternate():
    for shown in AGENT:
        roles = [message.role for message in shown.messages]
        assert roles == ["system", *["user", "assistant"] * (len(roles) // 2)]
        said = [message.content for message in shown.messages if message.role == "assistant"]
        assert all(isinstance(parse("bracket", text, FunctionGym.choices), Call) for text in said)


def test_drills_end_with_the_right_answer():
    for shown in AGENT[120:]:
        assert shown.last_only and shown.messages[-1].content == f"[answer] {TRAIN[shown.task_id].hidden.expected}"
