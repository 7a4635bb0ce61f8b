"""No hidden field gets where it does not belong: each is replaced by a marker, and every view and feedback is searched for it.

Here are the tasks of UserRL's files, and the hidden fields of our own that the gyms' own leak tests have no marks in.
"""

from contextlib import nullcontext

import pytest
from envs_cases import Recorder
from tau_bench_cases import installed
from travel_cases import FLIGHT, HOTEL
from travel_cases import task as trip
from userrl_cases import FUNCTION, INTENTION, PERSUADE, SEARCH, TAU, TELEPATHY, TRAVEL, TURTLE

import envs
from envs.conversation import drive
from envs.travel.task import Hidden as Trip
from envs.travel.task import Preference
from envs.userrl import items
from envs.userrl.dialects import DIALECTS
from envs.verdicts import validate_verdict

MARKED = {
    "FunctionGym": ("1", FUNCTION | {"rule": "a * b - c ** 2 / d + 70001", "expected_result": 70012.5}),
    "IntentionGym": (
        "1",
        INTENTION
        | {"missing_details": [{"description": "zqabout", "importance": "3", "inquiry": "zqask?", "options": ["zqwant"]}]},
    ),
    "PersuadeGym": ("1", PERSUADE | {"argument": "zqessay"}),
    "SearchGym": ("1", SEARCH | {"answer": "zqanswer"}),
    "TauGym": (
        "1",
        TAU
        | {
            "info": {
                "task": {
                    "user_id": "zquser",
                    "instruction": "zqinstruction",
                    "actions": [{"name": "zqright", "kwargs": {"order": "zqright"}}],
                    "outputs": ["zqright"],
                }
            }
        },
    ),
    "TelepathyGym": ("1", TELEPATHY | {"title": "zqtitle", "target_entity": "zqtitle, a zqtarget", "category": "zqsecret"}),
    "TravelGym": (
        "flight:1-3",
        TRAVEL
        | {
            "scenario": "zqsecret",
            "dimensions": ["flight"],
            "flight": {
                "preferences": [["flight", "zqwish", "zqwish", "zqwish", "zqsecret"]],
                "arguments": {"origin": "zqsecret"},
                "options": {
                    "correct": [{"id": "F2", "cost": 70, "service": "zqsecret", "reason": "zqreason", "type": "zqtype"}]
                },
                "best_id": "F2",
                "correct_ids": ["F2"],
            },
        },
    ),
    "TurtleGym": ("1", TURTLE | {"new_bottom": "zqstory", "evaluation": [{"statement": "zqsecret", "score": 1.0}]}),
}
"""By gym a key and an item of a file. `zqsecret` and `zqright` are for judge and gym alone; the user may know the rest."""
SECRET = {"FunctionGym": ("70001", "70012.5", "a * b")}
ACTIONS = (
    "[action] Hm?",
    "[answer] x",
    "[search] y",
    "nonsense",
    "[action] Which one?",
    "[action] So?",
    "[answer] F9",
    "[finish]",
)
VERDICTS = {
    "intention.coverage": {"on_topic": False, "covered": []},
    "persuade.stance": {"level": 0},
    "search.answer": {"equivalent": False},
    "telepathy.guess": {"correct": False},
    "travel.act": {"type": 1, "preference_id": None},
    "travel.search": {"aligned": "false", "aspect": None},
    "turtle.explanation": {"scores": [0]},
}


class Judge:
    """Grants nothing; with `changes` some of it. Keeps what it was asked."""

    def __init__(self, **changes) -> None:
        self.answers, self.requests = VERDICTS | {name.replace("_", "."): given for name, given in changes.items()}, []

    async def verdict(self, request):
        self.requests.append(request)
        return validate_verdict(request, self.answers[request.kind], "fixed@1")


def watched(made, actions):
    """All that the acting role gets to see."""
    seen = [made.first_view.system, str(made.first_view.messages), str(made.first_view.known)]
    for action in actions:
        result = drive(made.step(action))
        seen += [result.feedback, str(result.info), str(result.sources)]
        if result.terminated or result.truncated:
            break
    return " ".join(seen)


def known_to(partner):
    return " ".join(str((view.system, view.messages, view.choices, view.known)) for view in partner.views)


@pytest.mark.parametrize("gym", MARKED)
@pytest.mark.parametrize("preset", [None, "userrl"])
def test_what_is_hidden_in_a_task_of_userrls_stays_hidden(gym, preset):
    played = items.parse(DIALECTS[gym], *MARKED[gym], "train")
    assert any(mark in played.model_dump_json() for mark in SECRET.get(gym, ("zq",))), "the marks are in the task"
    partner, params = Recorder("Well."), {"backend": "web", "url": "http://127.0.0.1:9"} if gym == "SearchGym" else {}
    with installed() if gym == "TauGym" else nullcontext():
        made = envs.make(gym, task=played, partner=partner, judge=Judge(), preset=preset, **params)
        seen = watched(made, [action for action in ACTIONS if gym != "SearchGym" or "search" not in action])
    assert not [mark for mark in SECRET.get(gym, ("zq",)) if mark in seen]
    assert not [mark for mark in ("zqsecret", "zqright") if mark in known_to(partner)]
    assert gym in ("FunctionGym", "SearchGym") or "zq" in known_to(partner), "the user does know what it has to"


def test_a_trip_is_told_by_the_right_search_alone_and_never_to_the_traveller():
    def marked(block):
        name = f"zq{block.aspect}"
        wishes = tuple(
            Preference(id=w.id, aspect=w.aspect, topic=f"{name}{w.id}", value=f"{name}{w.id}", hint=f"{name}{w.id}")
            for w in block.preferences
        )
        changes = {"arguments": dict.fromkeys(block.arguments, f"{name}argument"), "preferences": wishes}
        for kind in ("correct", "wrong", "noise"):
            changes[kind] = tuple(
                option.model_copy(
                    update={"place": f"{name}option", "features": dict.fromkeys(option.features, f"{name}option")}
                )
                for option in getattr(block, kind)
            )
        return block.model_copy(update=changes)

    hidden = Trip(situation="zqsituation", blocks=(marked(FLIGHT), marked(HOTEL)))
    partner, judge = Recorder("Fine."), Judge(travel_search={"aligned": "true", "aspect": "flight"})
    made = envs.make("TravelGym", task=trip(hidden=hidden), partner=partner, judge=judge)
    assert "zq" not in watched(made, ("[action] Hi.", "[action] Hm?", "[action] Hm?", "[answer] X9", "[search]", "nonsense"))
    found = watched(made, ["[search] flight"])
    assert "zqflightoption" in found and not any(mark in found for mark in ("zqhotel", "argument", "situation", "zqflightP"))
    judge.answers["travel.act"] = {"type": 2, "preference_id": "P4"}
    assert "zq" not in watched(made, ["[action] Which pool?", "[answer] F1", "[finish]"])
    told = known_to(partner)
    assert not any(mark in told for mark in ("situation", "argument", "option"))
    assert [sum(f"P{number}" in str(view) for number in (1, 2, 3, 4)) for view in partner.views] == [0, 0, 1, 1]
    assert "zqsituation" in str(judge.requests) and "option" not in str(judge.requests)


@pytest.mark.parametrize("prompt", ["short", "full"])
def test_the_facts_of_a_thing_are_for_who_answers_alone(prompt):
    played = next(task for task in envs.load("TelepathyGym", "train"))
    hidden = played.hidden.model_copy(update={"facts": {**played.hidden.facts, "zqfact": "yes"}, "category": "zqcategory"})
    partner, judge = Recorder("Well."), Judge()
    made = envs.make(
        "TelepathyGym", task=played.model_copy(update={"hidden": hidden}), partner=partner, judge=judge, prompt=prompt
    )
    assert "zq" not in watched(made, ACTIONS) + str(judge.requests) and judge.requests
    assert "zqfact" in known_to(partner) and "zqcategory" not in known_to(partner)
