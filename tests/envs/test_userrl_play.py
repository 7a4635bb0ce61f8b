"""Tasks of UserRL's files are played with models as user and judge; a script or a rule that cannot know them says so."""

from __future__ import annotations

from typing import Any

import pytest
from userrl_cases import ITEMS

import envs
from envs.base import Task, Utterance, Verdict, VerdictRequest, View
from envs.conversation import drive
from envs.persuade.verdict import StanceRequest
from envs.persuade.verdict import prompt as stance_prompt
from envs.search.web import Web
from envs.telepathy.prompt import user_prompt as telepathy_prompt
from envs.travel.verdict import ActRequest, SearchRequest, Wish
from envs.turtle.prompt import user_prompt as turtle_prompt
from envs.turtle.verdict import ExplanationRequest
from envs.userrl import items
from envs.userrl.dialects import DIALECTS
from envs.verdicts import validate_verdict


def task(gym: str, split: Any = "train") -> Any:
    """The gym's first item."""
    place, item = next(iter(ITEMS[gym].items())) if isinstance(ITEMS[gym], dict) else ("1", ITEMS[gym][0])
    return items.parse(DIALECTS[gym], place, item, split)


class Model:
    """Stands for a model: says what it is told to and keeps what it read; a judge's answers go by kind."""

    def __init__(self, says: str, **verdicts: dict[str, Any]) -> None:
        self.says, self.verdicts = says, {name.replace("_", "."): given for name, given in verdicts.items()}
        self.views: list[View] = []

    async def speak(self, view: View) -> Utterance:
        self.views.append(view)
        return Utterance(self.says)

    async def verdict(self, request: VerdictRequest) -> Verdict:
        return validate_verdict(request, self.verdicts[request.kind], "model@1")


def play(gym: str, model: Model, *actions: str, **params: Any) -> tuple[list[str], list[float], Any]:
    """Feedbacks, rewards and the gym after some turns."""
    made = envs.make(gym, task=task(gym), partner=model, judge=model, preset="userrl", **params)
    results = [drive(made.step(action)) for action in actions]
    return [result.feedback for result in results], [result.rewards["env"] for result in results], made


def test_intention():
    model = Model("Two metres.", intention_coverage={"on_topic": True, "covered": [0]})
    said, paid, made = play("IntentionGym", model, "[action] What are its measures?")
    assert paid == [1.0] and said == ["Two metres.\nReward: 1.0"]
    assert "Size of the bed: 2 m" in model.views[0].system
    assert made.score() == pytest.approx(1 / 2.1)


def test_telepathy():
    model = Model("Yes.", telepathy_guess={"correct": True})
    said, paid, made = play("TelepathyGym", model, "[action] Does one write with it?", "[answer] a pen with ink")
    assert paid == [0.0, 1.0] and said[0].startswith("Yes.") and made.success()
    assert made.state()["user_errors"] == 0, "nobody can tell that it is false"
    assert "Fountain Pen, a pen that is filled with ink" in model.views[0].system


def test_telepathy_knows_the_name_of_its_thing():
    made = play("TelepathyGym", Model("No."), "[action] Is it a fountain pen?")[2]
    assert made.state()["user_errors"] == 1


def test_turtle():
    model = Model("Maybe.", turtle_explanation={"scores": [1, 1, 0.5, 1]})
    said, paid, made = play("TurtleGym", model, "[action] Did it rain?", "[answer] The river came in.")
    assert paid == [0.0, pytest.approx(0.9)] and said[1].startswith("3 of 4.")
    assert TURTLE_STORY in model.views[0].system and "flood" not in model.views[0].system
    assert made.first_view.messages[0].content.startswith("The Wet Baker: A baker")


TURTLE_STORY = "The river had come into his shop"


def test_persuade():
    model = Model("And who feeds it?", persuade_stance={"level": 2})
    said, paid, made = play("PersuadeGym", model, "[answer] A goat eats gardens.")
    assert paid == [pytest.approx(1 / 3, abs=1e-6)] and said[0].startswith("And who feeds it?")
    assert made.state()["user_errors"] == 0 and "mows the green" in model.views[0].system
    request = StanceRequest(claim="a", essay="b", reasons={}, concerns={}, previous=0, arguments=("c",))
    system, evidence = stance_prompt(request)
    assert "concerns" not in system.content + evidence.content


def test_travel():
    asked = {"type": 2, "preference_id": "P1"}
    model = Model("Dinner matters to me.", travel_act=asked, travel_search={"aligned": "true", "aspect": "flight"})
    turns = ("[action] When do you want to leave?", "[search] flight Turin Porto one seat", "[answer] F2", "[answer] H2")
    said, paid, made = play("TravelGym", model, *turns)
    assert paid == [0.8, 0.0, 1.0, 0.0] and made.score() == 0.5
    assert '{"id": "F2", "cost": "70"}' in said[1]
    assert "I like to be there for dinner." in model.views[0].system


def test_search():
    model = Model("", search_answer={"equivalent": True})
    _, paid, _ = play("SearchGym", model, "[answer] Mrs. Reef", backend="web", url="http://127.0.0.1:9/search")
    assert paid == [1.0]


def test_function():
    made = envs.make("FunctionGym", task=task("FunctionGym"), partner=Model(""), judge=envs.RuleJudge(), preset="userrl")
    results = [drive(made.step(action)) for action in ("[action] 1 2 2 1", "[search] test", "[answer] 11.5")]
    assert [result.rewards["env"] for result in results] == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("gym", "models"),
    [
        ("FunctionGym", set()),
        ("IntentionGym", {"agent"}),
        ("PersuadeGym", {"agent", "partner", "judge"}),
        ("SearchGym", {"agent"}),
        ("TauGym", {"agent", "partner"}),
        ("TelepathyGym", {"agent", "partner"}),
        ("TravelGym", {"agent", "partner", "judge"}),
        ("TurtleGym", {"agent", "partner", "judge"}),
    ],
)
def test_a_task_says_what_takes_a_model(gym: str, models: set[str]):
    assert task(gym).beyond_rules == models
    assert all(not each.beyond_rules for each in envs.load(gym, "heldout")[:5]), "ours can be played by rule"


@pytest.mark.parametrize("gym", ["PersuadeGym", "TravelGym", "TurtleGym"])
def test_a_rule_judge_is_refused(gym: str):
    with pytest.raises(ValueError, match=f"told in free words, which no rule can judge: {gym} needs a model as judge"):
        envs.make(gym, task=task(gym), partner=Model(""), judge=envs.RuleJudge())


def wish(topic: str) -> Wish:
    return Wish(id="P1", aspect="flight", topic=topic, text="a")


@pytest.mark.parametrize(
    "request_",
    [
        ExplanationRequest(source="userrl", surface="a", story="b", criteria=(), explanation="c"),
        ActRequest(situation="a", wishes=(wish("departure time"),), utterance="b"),
        StanceRequest(claim="a", essay="b", reasons={}, concerns={}, previous=0, arguments=("c",)),
        SearchRequest(arguments={"flight": {"destination": "Porto"}}, query="flight Porto"),
    ],
)
def test_no_rule_makes_up_a_verdict(request_: VerdictRequest):
    with pytest.raises(ValueError, match="the judge must be a model"):
        drive(envs.RuleJudge().verdict(request_))


@pytest.mark.parametrize(
    ("gym", "turn"),
    [
        ("PersuadeGym", "[answer] Goats smell."),
        ("TelepathyGym", "[action] Is it old?"),
        ("TravelGym", "[action] Which seat?"),
        ("TurtleGym", "[action] Did it rain?"),
    ],
)
def test_a_scripted_user_makes_up_no_answer(gym: str, turn: str):
    judge = Model("", travel_act={"type": 2, "preference_id": "P1"}, persuade_stance={"level": 1})
    made = envs.make(gym, task=task(gym), partner=envs.scripted(gym, "user", 0), judge=judge)
    with pytest.raises(ValueError, match="UserRL's"):
        drive(made.step(turn))
    assert made.state()["turn"] == 0


def test_the_real_world_is_not_searched_in_ours():
    with pytest.raises(ValueError, match="asks about the real world, of which backend 'corpus' knows nothing: set it to 'web'"):
        envs.make("SearchGym", task=task("SearchGym"), partner=Model(""), judge=Model(""))
    made = envs.make(
        "SearchGym", task=task("SearchGym"), partner=Model(""), judge=Model(""), backend="web", url="http://127.0.0.1:9"
    )
    assert isinstance(made.backend, Web)  # type: ignore[attr-defined]


def hidden_texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in below for text in hidden_texts(each)]


@pytest.mark.parametrize("gym", sorted(set(DIALECTS) - {"TauGym"}))
def test_nothing_hidden_is_in_what_the_agent_reads_first(gym: str):
    found: Task = task(gym)
    view = envs.first_views(gym, [found])[0]
    read = " ".join([view.system, *(message.content for message in view.messages), str(view.known)])
    told = [text for text in hidden_texts(found.model_dump(mode="json")["hidden"]) if len(text) > 8]
    assert [text for text in told if text in read] == []


def test_a_customer_s_tools_are_named_where_the_package_is_missing():
    with pytest.raises(ValueError, match="tau_bench is not installed"):
        envs.first_views("TauGym", [task("TauGym")])


def test_users_are_told_in_words_where_nothing_is_known_by_rule():
    assert "True of it" not in telepathy_prompt("full", task("TelepathyGym"))
    assert "In one word each" not in turtle_prompt("full", task("TurtleGym"))
    for prompt in ("short", "full"):
        assert TURTLE_STORY in turtle_prompt(prompt, task("TurtleGym"))  # type: ignore[arg-type]
        assert "filled with ink" in telepathy_prompt(prompt, task("TelepathyGym"))  # type: ignore[arg-type]
