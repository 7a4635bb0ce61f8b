"""Who does not ask stays far below who does; wishes stay secret until they are told; demonstrations show nothing held out."""

import pytest
from envs_cases import Recorder
from hypothesis import given, settings
from hypothesis import strategies as st
from travel_cases import FLIGHT, HOTEL, SEARCH_FLIGHT, SEARCH_HOTEL, Fixed, episode, gym, task, turns

import envs
from envs.base import EpisodeOver, Utterance
from envs.conversation import converse, drive
from envs.speakers import ConstantSpeaker, FixedScript
from envs.tool import Call, parse
from envs.travel.baselines import AskEverything, KeywordSpray, NeverAsks, baselines
from envs.travel.catalogue import FAMILIES, VALUES
from envs.travel.expert import Demonstrator, Oracle
from envs.travel.gym import TravelGym
from envs.travel.listing import read
from envs.travel.user import TravelUser
from envs.travel.verdict import ActVerdict, SearchVerdict
from envs.travel.wording import COMPACT_HINTS, QUESTIONS

HELDOUT = {source: envs.load("TravelGym", "heldout", source=source, family="all", count=8) for source in ("compact", "rich")}
EASY = envs.load("TravelGym", "heldout", count=60)
TRAIN = {task.id: task for task in envs.load("TravelGym", "train")}
AGENT = envs.demonstrations("TravelGym", "agent", 100, 3, recaps=20)
USER = envs.demonstrations("TravelGym", "user", 150, 3)


def mean_score(agent, tasks, partner=TravelUser, **params):
    return sum(episode(agent(seed), task, partner(seed), **params).score for seed, task in enumerate(tasks)) / len(tasks)


@pytest.mark.parametrize("source", HELDOUT)
def test_who_does_not_ask_stays_below(source, capsys):
    scripts = baselines(envs.load("TravelGym", "train", source=source, family="all", count=50))
    agents = {
        "oracle": Oracle,
        "demonstrator": Demonstrator,
        "never asks": NeverAsks,
        "best fixed script": scripts["best_fixed_script"],
        "random": scripts["random"],
        "keyword spray": lambda seed: KeywordSpray(),
        "ask everything": lambda seed: AskEverything(),
        "finish first": lambda seed: FixedScript(["[finish]"]),
    }
    scores = {name: mean_score(agent, HELDOUT[source]) for name, agent in agents.items()}
    with capsys.disabled():
        print(f"\nTravelGym, 64 heldout {source}: " + ", ".join(f"{name} {score:.3f}" for name, score in scores.items()))
    assert scores.pop("oracle") == 1.0
    assert 0.5 < scores.pop("demonstrator") < 0.95
    assert scores.pop("never asks") <= 0.4
    assert [scores[name] for name in ("keyword spray", "ask everything", "finish first")] == [0.0] * 3
    assert all(score <= 0.25 for score in scores.values()), scores


@pytest.mark.parametrize("family", FAMILIES)
def test_the_oracle_plays_every_family_within_the_turns(family):
    tasks = [task for source in HELDOUT for task in HELDOUT[source] if task.family == family]
    assert mean_score(Oracle, tasks) == 1.0
    assert mean_score(Oracle, tasks, search_failure_interval=5, strict=False) >= 0.9


def test_the_users_words_matter():
    assert mean_score(Oracle, EASY, lambda seed: ConstantSpeaker("OK.")) <= 0.5


def test_the_most_common_or_dearest_features_do_not_tell_what_fits():
    """Choosing by what the list itself says, without asking: the value that most options have, or the highest price."""

    class Reader(Oracle):
        def _topic(self, aspect):
            return None

        def _fitting(self, aspect):
            listed = super()._fitting(aspect)
            counts = {o.id: sum(o.features[t] == p.features[t] for t in o.features for p in listed) for o in listed}
            return [o for o in listed if counts[o.id] == max(counts.values())]

    assert mean_score(Reader, EASY) <= 0.45


@given(
    said=st.text()
    | st.sampled_from(["F1 Rome 1 seat window", '{"id": "F1", "place": "Rome", "price": 1}', "Best.", "seat aisle."])
)
@settings(max_examples=60, deadline=None)
def test_an_expert_goes_on_whatever_the_user_says(said):
    assert 0 <= episode(Oracle(0), EASY[0], ConstantSpeaker(said)).score <= 1


def test_waiting_for_what_is_volunteered_is_worse_than_asking():
    class Waiter(Oracle):
        def _say(self):
            said = super()._say()
            return "[action] Hm?" if "?" in said else said

    assert episode(Waiter(0), EASY[0]).state["asked"] == []
    returns = [sum(turn.result.rewards["env"] for turn in episode(agent(0), EASY[0]).turns) for agent in (Waiter, Oracle)]
    assert returns[0] < returns[1]


def test_a_list_of_ids_pays_nothing():
    """specs/gyms.md 11, 1: UserRL's asynchronous step pays 2.0 for "F1, H1"."""
    ids = ", ".join(f"{letter}{number}" for letter in "FHRAC" for number in range(1, 20))
    for params in ({}, {"strict": False}):
        assert episode(FixedScript([f"[answer] {ids}"]), EASY[0], **params).score == 0.0


def test_asking_and_searching_again_and_again_pays_once():
    made = gym(max_turns=100)
    actions = [SEARCH_FLIGHT, SEARCH_HOTEL, *(f"[action] Which {topic}?" for topic in VALUES)]
    assert 0.8 <= sum(result.rewards["env"] for result in turns(made, *actions)) <= 1.21, "two searches, four wishes at most"
    assert sum(result.rewards["env"] for result in turns(made, *actions)) == 0.0 == made.score()


ACTIONS = st.one_of(
    st.text(),
    st.builds("[{}] {}".format, st.sampled_from(["action", "answer", "search", "finish"]), st.text()),
    st.sampled_from([f"[action] Which {topic}?" for topic in VALUES]),
    st.sampled_from([SEARCH_FLIGHT, SEARCH_HOTEL, "[action] Hi.", "[action] Hm?"]),
    st.builds("[answer] {}{}".format, st.sampled_from("ACFHRX"), st.integers(0, 6)),
)


@given(
    actions=st.lists(ACTIONS, max_size=12),
    preset=st.sampled_from([None, "userrl", "userrl_eval"]),
    prompt=st.sampled_from(["short", "full"]),
    said=st.text(max_size=20),
)
@settings(max_examples=150, deadline=None)
def test_any_actions_keep_the_contract(actions, preset, prompt, said):
    made = envs.make(
        "TravelGym",
        task=task(split="heldout"),
        partner=ConstantSpeaker(said),
        judge=envs.RuleJudge(),
        preset=preset,
        prompt=prompt,
        max_turns=8,
    )
    over = False
    for action in actions:
        if over:
            with pytest.raises(EpisodeOver):
                drive(made.step(action))
            break
        result = drive(made.step(action))
        assert 0 <= result.rewards["env"] <= 1
        over = result.terminated or result.truncated
        assert result.rewards.keys() == result.sources.keys() and not (result.terminated and result.truncated)
    assert made.state()["turn"] <= 8 and 0 <= made.score() <= 1 and made.success() == (made.score() == 1.0)


@given(
    type=st.integers(1, 4),
    wish=st.none() | st.sampled_from(["P1", "P2", "P3", "P4", "P5"]),
    aligned=st.sampled_from(["true", "false", "n/a"]),
    aspect=st.none() | st.sampled_from(["flight", "hotel", "restaurant"]),
)
@settings(max_examples=100, deadline=None)
def test_any_verdict_is_played_or_refused_and_never_pays_twice(type, wish, aligned, aspect):
    for verdict, action in (
        (ActVerdict(type=type, preference_id=wish), "[action] x"),
        (SearchVerdict(aligned=aligned, aspect=aspect), "[search] x"),
    ):
        made = gym(judge=Fixed(verdict))
        try:
            first = turns(made, action)[0].rewards["env"]
        except ValueError:
            assert made.state()["turn"] == 0
            continue
        assert first in (0.0, 0.2)
        try:
            assert turns(made, action)[0].rewards["env"] == 0.0
        except ValueError:
            assert made.state()["turn"] == 1


def marked():
    """The fixed trip with secrets that can be told from anything else."""
    wishes = {"P1": "zqone", "P2": "zqtwo", "P3": "zqthree", "P4": "zqfour"}

    def mark(block):
        preferences = tuple(
            w.model_copy(update={"value": wishes[w.id], "hint": f"{wishes[w.id]} hint"}) for w in block.preferences
        )
        return block.model_copy(update={"preferences": preferences})

    return task(mark(FLIGHT), mark(HOTEL)), wishes


@pytest.mark.parametrize("prompt", ["short", "full"])
@pytest.mark.parametrize("preset", [None, "userrl"])
def test_a_wish_is_in_no_view_but_the_users_that_is_to_reveal_it(prompt, preset):
    played, wishes = marked()
    partner = Recorder("Fine.")
    made = envs.make("TravelGym", task=played, partner=partner, judge=envs.RuleJudge(), preset=preset, prompt=prompt)
    seen = [made.first_view.system, str(made.first_view.messages), str(made.first_view.known)]
    actions = ["[action] Hi.", "[action] Which meal?", "[action] Hm?", "[action] Which seat?", "[search] wishes", SEARCH_FLIGHT]
    for action in (*actions, "[answer] x", "[answer] F1", "nonsense", "[finish]"):
        result = drive(made.step(action))
        seen += [result.feedback, str(result.info), *result.sources.values()]
    assert not any("zq" in text for text in seen)
    for view in partner.views:
        told = view.known["preference"]
        text = str((view.system, view.messages, view.known))
        assert {id for id, value in wishes.items() if value in text} == ({told["id"]} if told else set())
    assert {view.known["act"] for view in partner.views} >= {"chat", "volunteer"}


def test_options_stay_hidden_until_the_right_search():
    made = gym()
    said = [result.feedback for result in turns(made, "[action] Hi.", "[search] hotel", "[answer] F1", "[action] Which pool?")]
    assert not any(read(text) for text in said)


def test_the_same_task_and_seed_give_the_same_conversation():
    for played in HELDOUT["compact"][:10] + HELDOUT["rich"][:10]:
        assert episode(Demonstrator(5), played, TravelUser(5)) == episode(Demonstrator(5), played, TravelUser(5))


def test_a_gym_may_be_reset_and_played_again():
    made, (first, second, *_) = gym(), EASY
    played = drive(converse(made, made.reset(first, 1), Oracle(1)))
    drive(converse(made, made.reset(second, 1), Oracle(1)))
    assert drive(converse(made, made.reset(first, 1), Oracle(1))) == played


def test_an_expert_that_cannot_read_the_opening_gives_up():
    view = gym().first_view
    strange = type(view)(view.role, view.system, (type(view.messages[0])("user", "Hello."),))
    assert drive(Oracle(0).speak(strange)) == Utterance("[finish]")


def test_demonstrations_depend_on_the_seed_only():
    assert envs.demonstrations("TravelGym", "agent", 100, 3, recaps=20) == AGENT
    assert envs.demonstrations("TravelGym", "user", 150, 3) == USER
    assert envs.demonstrations("TravelGym", "agent", 20, 4) != AGENT[:20]


def test_demonstrations_are_of_train_tasks_and_in_their_wording():
    assert {shown.task_id for shown in [*AGENT, *USER]} <= set(TRAIN)
    said = [message.content for shown in [*AGENT, *USER] for message in shown.messages]
    heldout = [form.format(topic=topic) for form in QUESTIONS["compact"]["heldout"] for topic in VALUES]
    heldout += [COMPACT_HINTS["heldout"][0].split("{")[0], "[search] flight:", "A trip from"]
    assert not any(words in text for text in said for words in heldout)


def test_every_turn_of_the_agent_parses_and_roles_alternate():
    for shown in AGENT:
        roles = [message.role for message in shown.messages]
        assert roles == ["system", *["user", "assistant"] * (len(roles) // 2)]
        said = [message.content for message in shown.messages if message.role == "assistant"]
        assert all(isinstance(parse("bracket", text, TravelGym.choices), Call) for text in said)


def test_drills_end_with_the_best_option():
    for shown in AGENT[100:]:
        assert shown.last_only and shown.messages[-1].content == f"[answer] {TRAIN[shown.task_id].hidden.blocks[-1].best_id}"


def test_users_reveal_volunteer_and_chat():
    assert len(USER) == 150 and all([m.role for m in shown.messages] == ["system", "user", "assistant"] for shown in USER)
    assert {shown.messages[0].content.split()[0] for shown in USER} == {"tell", "volunteer", "chat"}
    for shown in USER:
        act, _, wish = shown.messages[0].content.partition(" ")
        assert act == "chat" or shown.messages[-1].content == wish
