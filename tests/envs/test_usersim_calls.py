"""The shipped calls: who is in them, and what they are worth to whom."""

from collections import Counter
from dataclasses import replace

import pytest

import envs
from envs.conversation import converse, drive
from envs.usersim.schema.delta import ConcernMove, Delta
from envs.usersim.schema.enums import ARCHITECTURES, STATE_VARS
from envs.usersim.task import Line
from envs.usersim.traps.bank import bank
from envs.usersim.users import USERS
from envs.usersim.users.speaker import Demonstrator, RuleSpeaker


def played(task, user, seed=0, **params):
    gym = envs.make(
        "UserSimGym", task=task, partner=envs.scripted("UserSimGym", "agent", seed), judge=envs.RuleJudge(), seed=seed, **params
    )
    return drive(converse(gym, gym.first_view, user))


def test_splits_share_no_persona_family_or_template():
    train, dev, test = (
        envs.load("UserSimGym", "train"),
        envs.load("UserSimGym", "heldout"),
        envs.load("UserSimGym", "heldout", heldout="test"),
    )
    for first, other in ((train, dev), (train, test), (dev, test)):
        assert not {t.persona.persona_id for t in first} & {t.persona.persona_id for t in other}
        assert not {t.sop.family for t in first} & {t.sop.family for t in other}
        assert not {line.text for t in first for line in t.script} & {line.text for t in other for line in t.script}
    assert len(train) >= 100 and len(test) >= 80 and len(dev) >= 15


def test_callers_are_mixed_as_the_specification_says():
    tasks = envs.load("UserSimGym", "train")
    share = Counter(task.agent for task in tasks)
    for kind, meant in {"honest": 0.4, "pushy": 0.25, "trap": 0.25, "weak": 0.1}.items():
        assert share[kind] / len(tasks) == pytest.approx(meant, abs=0.06)
    scripts = [task.script[0].benign for task in tasks if task.agent == "trap"]
    assert sum(scripts) / len(scripts) == pytest.approx(0.5, abs=0.15)
    assert all(bool(task.script) == (task.agent == "trap") for task in tasks)


def test_a_script_says_what_its_trap_is_after():
    items = {item.turns[0].text: item for item in bank("train")}
    for task in envs.load("UserSimGym", "train", agent="trap", count=20):
        item = items[task.script[0].text]
        assert [line.payloads for line in task.script] == [item.payloads if item.kind == "trap" else ()] * len(item.turns)
    with pytest.raises(ValueError, match="a trap needs payloads, what it is after: 'The price goes up"):
        Line(text="The price goes up at six tonight.", act="pressure", trap="T01")


def test_a_loader_can_be_asked_for_less():
    assert {task.agent for task in envs.load("UserSimGym", "heldout", agent="weak")} == {"weak"}
    assert len(envs.load("UserSimGym", "train", count=3)) == 3
    for wrong in ({"heldout": "train"}, {"agent": "rude"}, {"scenario": "story"}, {"scenario": "goal"}):
        with pytest.raises(ValueError, match=next(iter(wrong.values()))):
            envs.load("UserSimGym", "heldout", **wrong)
    for few in (0, -1, True, 2.0, "3"):
        with pytest.raises(ValueError, match=f"count is {few!r}, but it is a number from 1 on"):
            envs.load("UserSimGym", "heldout", count=few)


def test_the_oracle_gets_what_there_is_by_every_caller_and_writes_clean_turns():
    for seed, task in enumerate(envs.load("UserSimGym", "heldout", heldout="test")[:40]):
        episode = played(task, RuleSpeaker(USERS["oracle"], seed), seed)
        assert episode.score == 1, (task.id, task.agent)
        assert all(turn.result.info["level"] == "OK" for turn in episode.turns)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_is_shown_does_not_change_what_a_call_is_worth_to_the_oracle(architecture):
    for kind in ("honest", "pushy", "trap", "weak"):
        for task in envs.load("UserSimGym", "heldout", heldout="test", agent=kind, count=3):
            episode = played(task, RuleSpeaker(USERS["oracle"], 0), architecture=architecture)
            assert episode.score == 1 and episode.state["profile"]["architecture"] == architecture, (task.id, kind)
            assert all(turn.result.info["level"] == "OK" for turn in episode.turns)


def test_a_value_at_its_bound_can_be_written_in_every_form():
    """`r1compat` writes values, not steps: an oracle that is as glad as can be stays so."""
    for seed, task in enumerate(envs.load("UserSimGym", "heldout", heldout="test")):
        if seed % 4 == 0:
            gym = envs.make(
                *("UserSimGym",),
                **{"task": task, "partner": envs.scripted("UserSimGym", "agent", seed), "judge": envs.RuleJudge()},
                **{"seed": seed, "prompt": "r1compat"},
            )
            episode = drive(converse(gym, gym.first_view, RuleSpeaker(USERS["oracle"], seed)))
            assert episode.score == 1 and all(turn.result.info["level"] == "OK" for turn in episode.turns), task.id


def test_a_goal_alone_is_played_by_every_agent_that_sets_no_traps():
    tasks = envs.load("UserSimGym", "heldout", heldout="test", scenario="goal")
    assert {task.sop.family for task in tasks} == {"goal_only"} and {task.agent for task in tasks} == {
        "honest",
        "pushy",
        "weak",
    }
    assert len({task.sop.sop_id for task in tasks}) == 8 and all(3 <= len(task.memory) <= 8 for task in tasks)
    every = envs.load("UserSimGym", "heldout", heldout="test")
    assert [task.sop for task in every[-len(tasks) :]] == [task.sop for task in tasks]
    for seed, task in enumerate(tasks):
        episode = played(task, RuleSpeaker(USERS["oracle"], seed), seed)
        assert episode.score == 1 and all(turn.result.info["level"] == "OK" for turn in episode.turns), (task.id, task.agent)
        for user in ("always_yes", "always_no", "always_ask", "over_compliant", "random"):
            assert played(task, RuleSpeaker(USERS[user], seed), seed).score == 0, (task.id, user)


@pytest.mark.parametrize("user", ["always_yes", "always_no", "always_ask", "over_compliant", "random"])
def test_who_does_not_look_gets_nothing(user):
    tasks = envs.load("UserSimGym", "heldout", heldout="test")[:20]
    assert sum(played(task, RuleSpeaker(USERS[user], seed), seed).score for seed, task in enumerate(tasks)) == 0


def leaver(turns, more="", status="touched", spends=3):
    """Asks about its first primary concern, spends so much trust and patience a turn, and leaves from its turn `turns` on, once
    there is a reason."""

    def user(place):
        state, turn = place.profile.state, place.profile.turn + 1
        first = next(concern for concern in place.profile.target_list if concern.tier == "primary")
        patience = max(state.patience - (turn % place.scene.tau == 0), 0)
        reason = "patience_out" if patience - spends <= 1 else "trust_out" if state.trust - spends <= 1 else "agent_closed"
        gone = turn >= turns and (reason != "agent_closed" or place.agent.closes)
        moves = (ConcernMove(first.id, status, "never mind"),) if first.status == "open" else ()
        felt = dict.fromkeys(STATE_VARS, 0) | {"trust": -spends, "patience": -spends}
        delta = Delta(d=felt, concerns=moves, end=gone, end_reason=reason if gone else None)
        return replace(USERS["always_ask"](place), answer=f"{first.text.capitalize()}? {more}".strip(), delta=delta)

    return RuleSpeaker(user, 0)


@pytest.mark.parametrize(("more", "spends"), [("", 3), ("Goodbye.", 0)])
def test_who_hangs_up_on_the_greeting_has_earned_nothing(more, spends):
    """Trust and patience are the user's to declare, and a goodbye makes the agent close: neither is the agent's doing."""
    for task in envs.load("UserSimGym", "heldout", heldout="test"):
        episode = played(task, leaver(1, more, spends=spends))
        assert episode.state["ending"] == "legal" and len(episode.turns) <= 2, task.id
        trapped = set(episode.state["outcomes"]) & {"countered", "passive"}
        assert episode.score == 0 or (trapped and not more), task.id


def test_a_trap_that_asks_is_reason_enough_and_a_hint_is_none():
    left = {True: [], False: []}
    for task in envs.load("UserSimGym", "heldout", heldout="test", agent="trap", count=60):
        gym, twin = played(task, leaver(2)), task.script[0].benign
        if len(gym.turns) == 2 and gym.state["ending"] == "legal":
            assert gym.score == (0 if twin or not task.script[0].asks else 1), task.id
            left[twin].append(gym.score)
    assert set(left[False]) == {0, 1} and set(left[True]) == {0}


def test_a_weak_agent_may_be_left_when_it_has_evaded_twice():
    tasks = envs.load("UserSimGym", "heldout", heldout="test", agent="weak", count=20)
    proof = "Is that written down?"
    for task in tasks:
        evaded = [played(task, leaver(turns, proof)) for turns in (2, 3)]
        assert [len(each.turns) for each in evaded] == [2, 3] and [each.score for each in evaded] == [0, 1], task.id
        assert played(task, leaver(3, proof, status="dropped")).score == 0, "nobody is left with what they do not ask for"


def test_demonstrations_are_single_turns_of_both_roles():
    for role in ("user", "agent"):
        shown = envs.demonstrations("UserSimGym", role, 6, 0)
        assert shown == envs.demonstrations("UserSimGym", role, 6, 0)
        assert len(shown) == 6 and all(one.last_only and one.role == role for one in shown)
    user = envs.demonstrations("UserSimGym", "user", 6, 0)
    assert all("<answer>" in one.messages[-1].content for one in user)
    assert not any("<think>" in message.content for one in user for message in one.messages[1:-1])
    agent = envs.demonstrations("UserSimGym", "agent", 6, 0)
    assert not any("<" in message.content for one in agent for message in one.messages)


def test_a_demonstrator_yields_as_often_as_it_is_told():
    task = envs.load("UserSimGym", "train", agent="pushy")[0]
    assert played(task, Demonstrator(0, yields=0.0)).score == 1 and played(task, Demonstrator(0, yields=1.0)).score == 0
