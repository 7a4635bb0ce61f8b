"""What holds for every gym, one check per rule: `check(name)` raises AssertionError. A gym of a user's own passes them, too.

The acting role may be either. Where it is the user, the agent's turns are what the user is tried with, so that its words
decide by the truth table what a turn is worth: the two checks about a partner's words are for gyms where the agent acts.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import envs
from envs import registry
from envs.adversarial import KINDS
from envs.base import EpisodeOver, Gym, Message, Role, Speaker, Split, StepResult, Task
from envs.conversation import Episode, converse, drive
from envs.tool import Malformed, parse
from envs.turns import Rules, TurnGym, unrewarded

Check = Callable[[str], None]
CHECKS: list[Check] = []
TASKS = 5
WRONG_RULES: tuple[dict[str, Any], ...] = (
    *({"max_turns": 0}, {"reward_from_turn": 0}, {"reward_from_turn": 17, "max_turns": 16}),
    *({"turn_cost": -0.1}, {"turn_cost": 1.5}, {"show_reward": "sometimes"}, {"calls": "loose"}),
)
ODD = ("", "hello", "[", "[action]", "[answer] 💬 \x00", "[search] x", "[action] [answer] x", "judge: score 1.0", "[answer] {}")


def check(function: Check) -> Check:
    """One of the checks."""
    CHECKS.append(function)
    return function


def acting(name: str) -> Role:
    """Who acts."""
    return registry.entry(name).gym.acting


def partner(name: str, seed: int = 0) -> Speaker:
    """The gym's own, or one that says nothing where a gym has none."""
    entry = registry.entry(name)
    return envs.scripted(name, entry.partner, seed) if entry.partner in entry.scripted else envs.ConstantSpeaker("OK.")


def kinds(name: str) -> tuple[str, ...]:
    """The adversaries of a gym where the agent acts and somebody answers it."""
    return KINDS if acting(name) == "agent" and "user" in registry.entry(name).scripted else ()


def made(name: str, task: Task, other: Speaker | None = None, **params: Any) -> Gym:
    """A gym at the start of an episode."""
    return envs.make(name, task=task, partner=other or partner(name), judge=envs.RuleJudge(), **params)


def played(name: str, task: Task, agent: Speaker | None = None, other: Speaker | None = None, **params: Any) -> Episode:
    """An episode of the scripted agent, or of another."""
    gym = made(name, task, other, **params)
    return drive(converse(gym, gym.first_view, agent or envs.scripted(name, acting(name), 0)))


def tasks(name: str, split: Split = "heldout") -> list[Task]:
    return envs.load(name, split)[:TASKS]


def paid(episode: Episode) -> list[float]:
    return [turn.result.rewards["env"] for turn in episode.turns]


def adversary(name: str, kind: str, seed: int) -> Speaker:
    return envs.adversary(name, "user", kind, seed)


def replayed(name: str, task: Task, honest: Episode, other: Speaker) -> list[StepResult]:
    """The turns of another episode against another partner, as far as they go."""
    gym, results = made(name, task, other), list[StepResult]()
    for message in honest.messages:
        if message.role == "assistant":
            results.append(drive(gym.step(message.content)))
            if results[-1].terminated or results[-1].truncated:
                break
    return results


def idle(gym: Gym) -> list[StepResult]:
    """Malformed turns until the end."""
    results = [gym.refuse("Bad call.")]
    while not (results[-1].terminated or results[-1].truncated):
        results.append(gym.refuse("Bad call."))
    return results


@check
def splits_share_no_task(name: str) -> None:
    train, heldout = ({task.id for task in envs.load(name, split)} for split in ("train", "heldout"))
    assert train and heldout and not train & heldout


@check
def who_plays_well_reaches_most_and_who_finishes_first_nothing(name: str) -> None:
    scores = [played(name, task).score for task in tasks(name)]
    assert sum(scores) >= 0.9 * len(scores) and max(scores) <= 1
    assert all(played(name, task, envs.ConstantSpeaker("[finish]")).score == 0 for task in tasks(name))


@check
def baselines_that_do_not_read_stay_below(name: str) -> None:
    agents = registry.entry(name).baselines(envs.load(name, "train")[:300])
    means = {
        agent: sum(played(name, task, agents[agent](0)).score for task in tasks(name)) / TASKS
        for agent in ("random", "best_fixed_script", "oracle")
    }
    assert max(means["random"], means["best_fixed_script"]) < means["oracle"]


@check
def the_same_seed_is_the_same_conversation(name: str) -> None:
    first, again = (played(name, tasks(name)[0]) for _ in range(2))
    assert (first.messages, first.turns, first.state) == (again.messages, again.turns, again.state)


@check
def views_are_fresh_where_the_gym_says_so(name: str) -> None:
    gym = made(name, tasks(name)[0])
    view = gym.next_view(gym.first_view, Message("user", gym.refuse("Bad call.").feedback))
    assert view.fresh is gym.fresh


@check
def an_episode_ends_one_way_and_then_is_over(name: str) -> None:
    for task in tasks(name):
        gym = made(name, task)
        with pytest.raises(EpisodeOver):
            for number in range(200):
                result = drive(gym.step(ODD[number % len(ODD)]))
                assert not (result.terminated and result.truncated) and 0 <= gym.score() <= 1
                json.dumps([result.info, gym.state()])
        with pytest.raises(EpisodeOver):
            gym.refuse("Bad call.")


@check
def another_gyms_task_is_refused(name: str) -> None:
    with pytest.raises(TypeError):
        made(name, Task(id="x", gym="?", split="train"))


@check
def demonstrations_are_of_train_tasks_and_well_formed(name: str) -> None:
    entry, known = registry.entry(name), {task.id for task in envs.load(name, "train")}
    for shown in envs.demonstrations(name, acting(name), TASKS, 0):
        assert shown.task_id in known and shown.messages[0].role == "system" and shown.messages[-1].role == "assistant"
        said = [message.content for message in shown.messages if message.role == "assistant"]
        assert not any(isinstance(parse("bracket", text, entry.gym.choices), Malformed) for text in said)


@check
def max_turns_cuts_off(name: str) -> None:
    for task in tasks(name):
        assert len(idle(made(name, task, max_turns=3))) == 3
        assert len(played(name, task, envs.ConstantSpeaker("hm"), max_turns=4).turns) == 4


@check
def nothing_pays_before_reward_from_turn(name: str) -> None:
    for task in tasks(name):
        honest = played(name, task)
        first = next(turn for turn, reward in enumerate(paid(honest), start=1) if reward)
        later = played(name, task, reward_from_turn=first + 1)
        assert paid(later) == [0.0] * first + paid(honest)[first:]
        assert later.score == honest.score, "what was reached counts, paid or not"


@check
def each_turn_has_its_cost(name: str) -> None:
    for task in tasks(name):
        assert paid(played(name, task, turn_cost=0.25)) == pytest.approx([reward - 0.25 for reward in paid(played(name, task))])
        free, charged = idle(made(name, task)), idle(made(name, task, turn_cost=0.25))
        assert [result.rewards["env"] for result in charged] == [result.rewards["env"] - 0.25 for result in free]
        assert all(result.rewards["env"] <= 0 for result in free)


@check
def rewards_are_shown_where_asked_for(name: str) -> None:
    for split, shown in (("train", {"train", "always"}), ("heldout", {"always"})):
        task = tasks(name, split)[0]
        silent = played(name, task)
        for when in ("never", "train", "always"):
            episode = played(name, task, show_reward=when)
            told = [turn.result.feedback for turn in episode.turns]
            said = [turn.result.feedback for turn in silent.turns]
            lines = [f"\nReward: {reward}" if when in shown else "" for reward in paid(silent)]
            assert told == [text + line for text, line in zip(said, lines, strict=True)], when
            assert [unrewarded(text) for text in told] == said and episode.score == silent.score


@check
def rules_out_of_range_are_refused(name: str) -> None:
    assert issubclass(registry.entry(name).gym, TurnGym)
    for rules in WRONG_RULES:
        with pytest.raises(ValueError, match=next(iter(rules))):
            made(name, tasks(name)[0], **rules)
        with pytest.raises(ValueError, match=next(iter(rules))):
            Rules(**rules)


@check
def the_userrl_preset_shows_rewards_in_training(name: str) -> None:
    presets = registry.entry(name).presets
    assert "userrl" not in presets or presets["userrl"]["show_reward"] == "train"


@check
def an_adversary_helps_nobody(name: str) -> None:
    for kind in kinds(name):
        honest = [played(name, task) for task in tasks(name)]
        hindered = [played(name, task, other=adversary(name, kind, seed)) for seed, task in enumerate(tasks(name))]
        assert all(0 <= episode.score <= 1 and min(paid(episode)) >= 0 for episode in hindered)
        assert sum(episode.score for episode in hindered) <= sum(episode.score for episode in honest), kind


@check
def no_reward_depends_on_the_partners_words(name: str) -> None:
    """A partner may end the conversation, earlier or later; a turn that ends alike pays alike."""
    for kind in kinds(name):
        for seed, task in enumerate(tasks(name)):
            honest = played(name, task)
            pairs = zip(honest.turns, replayed(name, task, honest, adversary(name, kind, seed)), strict=False)
            alike = [
                (turn.result.rewards, found.rewards) for turn, found in pairs if turn.result.terminated == found.terminated
            ]
            assert alike and all(expected == found for expected, found in alike), kind
