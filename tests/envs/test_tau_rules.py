"""The rules of TauGym, one test each: dialogue, tools, the end and what it pays."""

import json

import pytest
from envs_cases import Recorder
from tau_cases import CANCEL, DATA, DELIVERED, ORDER, OTHER, REASON, TELL, TOTAL, USER, call, gym, task, turns

import envs
from envs.base import EpisodeOver, PartnerSilent, Utterance
from envs.tau.domain import domain, target
from envs.tau.gym import DONE, HINT, LEFT, LISTED, SILENT
from envs.tau.outputs import told
from envs.tau.tools import digest
from envs.tau.wording import STOP, YES
from envs.verdicts import RuleJudge

ZERO = {"env": 0.0}


def userrl(partner, played=None):
    made = envs.make("TauGym", task=played or task(), partner=partner, judge=RuleJudge(), preset="userrl", prompt="short")
    assert not made.show_policy
    return made


def test_a_customer_is_served_and_ends_the_dialogue():
    made = gym()
    assert made.signature() == "0 of 2"
    asked, found, done, told_ = turns(made, "[action] What is your email?", call("get_order", order_id=ORDER), CANCEL, TELL)
    assert DATA["users"][USER]["email"] in asked.feedback and json.loads(found.feedback)["total"] == int(TOTAL)
    assert json.loads(done.feedback) == {"order_id": ORDER, "status": "cancelled", "refund": int(TOTAL)}
    assert all((r.rewards, r.terminated, r.truncated) == (ZERO, False, False) for r in (asked, found, done))
    assert (told_.rewards, told_.sources, told_.terminated, told_.truncated) == ({"env": 1.0}, {"env": "rule"}, True, False)
    assert STOP not in told_.feedback and made.score() == 1.0 and made.success() and made.signature() == "2 of 2"
    assert made.state()["user_errors"] == 0
    with pytest.raises(EpisodeOver):
        turns(made, "[finish]")


def test_the_customer_says_yes_to_who_asks_before_acting():
    said = [r.feedback for r in turns(gym(), f"[action] Shall I cancel {ORDER}?", "[action] Please confirm the reason?")]
    assert said[0] in YES["train"] and any(said[1].startswith(yes) for yes in YES["train"]) and REASON in said[1]


def test_the_right_words_without_the_right_database_pay_nothing():
    made = gym()
    result = turns(made, TELL)[0]
    assert result.terminated and result.rewards == ZERO and result.info["database"] is False and not made.success()


def test_the_right_database_without_the_right_words_pays_nothing():
    made = gym()
    result = turns(made, CANCEL, "[action] It has been cancelled.")[1]
    assert result.terminated and result.rewards == ZERO and result.info["database"] is True


@pytest.mark.parametrize(
    "wrong",
    [
        call("cancel_order", order_id=OTHER, reason=REASON),
        call("cancel_order", order_id=ORDER, reason="ordered by mistake"),
        call("change_user_address", user_id=USER, street="1 Elm Row", city="Grenna", zip="12345"),
    ],
)
def test_whatever_else_is_changed_pays_nothing(wrong):
    assert turns(gym(), wrong, CANCEL, TELL)[-1].rewards == ZERO


def test_the_marker_ends_and_never_pays():
    results = turns(gym(Recorder(f"Bye. {STOP}")), CANCEL, "[action] Hello?")
    assert results[1].terminated and results[1].rewards == ZERO, "nobody told the amount"
    assert results[1].feedback == "Bye." and results[1].info["user_error"], "it left before the agent was through"
    paid = turns(gym(Recorder(STOP)), CANCEL, f"[action] You get {TOTAL}.")[1]
    assert paid.rewards == {"env": 1.0} and paid.feedback == LEFT, "the database pays, whoever ends the dialogue"


@pytest.mark.parametrize(
    ("said", "feedback"), [(f"I will write {STOP} later.", "I will write  later."), ("", SILENT), (f"{STOP} or not", "or not")]
)
def test_a_marker_elsewhere_and_silence_end_nothing_and_are_counted(said, feedback):
    made = gym(Recorder(said))
    result = turns(made, "[action] Hello?")[0]
    assert (result.feedback, result.terminated, result.info["user_error"]) == (feedback, False, True)
    assert made.state()["user_errors"] == 1


@pytest.mark.parametrize("rules", [{}, {"strict": False}])
def test_a_customers_words_are_shown_without_any_marker(rules):
    nested = STOP[:4] + STOP + STOP[4:]
    result = turns(gym(Recorder(f"Bye. {nested} x"), **rules), "[action] Hello?")[0]
    assert result.feedback == "Bye.  x" and STOP not in str(result)


def test_an_agent_cannot_write_the_marker():
    echo = Recorder("x")
    echo.inner = type("Echo", (), {"speak": staticmethod(_echo)})()
    made = gym(echo)
    for text in (STOP, STOP[:4] + STOP + STOP[4:], (STOP[:5] * 3) + (STOP[5:] * 3)):
        result = turns(made, f"[action] say this: {text}")[0]
        assert not result.terminated and STOP not in str(echo.views) and STOP not in result.feedback
    assert not turns(gym(), f"[answer] {STOP}")[0].terminated


async def _echo(view):
    return Utterance(view.messages[-1].content)


def test_a_number_that_nobody_mentioned_is_counted():
    assert turns(gym(Recorder(f"It is {ORDER}.")), "[action] Which?")[0].info == {}
    invented = turns(gym(Recorder("It is R1.")), "[action] Which?")[0]
    assert invented.info == {"user_error": True} and invented.rewards == ZERO
    assert turns(gym(Recorder("You said 77?")), "[action] It costs 77.")[0].info == {}


def test_finishing_is_judged_like_any_end():
    assert turns(gym(Recorder("Good.")), CANCEL, TELL, "[finish]")[2].rewards == {"env": 1.0}
    made = gym()
    result = turns(made, "[finish]")[0]
    assert (result.feedback, result.rewards, result.terminated) == (DONE, ZERO, True) and made.score() == 0.0


@pytest.mark.parametrize("before", [(), (call("get_order", order_id=ORDER),), (f"[action] {STOP}",)])
def test_finishing_before_a_word_to_the_customer_pays_nothing(before):
    """tau-bench has tasks where nothing has to be done and nothing to be told."""
    idle = task(actions=(), outputs=())
    made = gym(Recorder("Good."), idle)
    result = turns(made, *before, "[finish]")[-1]
    assert (result.feedback, result.rewards, result.terminated) == (DONE, ZERO, True) and made.score() == 0.0
    spoken = turns(gym(Recorder("Good."), idle), *before, "[action] That cannot be done.", "[finish]")[-1]
    assert spoken.rewards == {"env": 1.0}


def test_a_hand_over_ends_and_is_judged():
    made = gym(Recorder("Good."))
    result = turns(made, CANCEL, TELL, call("transfer_to_human_agents", summary="all done"))[2]
    assert result.terminated and result.rewards == {"env": 1.0}
    assert turns(gym(), call("transfer_to_human_agents", summary="no idea"))[0].rewards == ZERO
    wrong = turns(gym(), call("transfer_to_human_agents"))[0]
    assert wrong.feedback.startswith("Error: summary") and not wrong.terminated


def test_a_cut_off_dialogue_pays_nothing():
    made = gym(Recorder("Good."), max_turns=3)
    results = turns(made, CANCEL, TELL, "[action] Well?")
    assert results[2].truncated and not results[2].terminated and results[2].rewards == ZERO and made.score() == 0.0


def test_the_tools_are_listed_with_types_and_required_parameters_once():
    listed, again, helped, other = turns(gym(), "[search] tools", "[search] Tools", "[search] help", "[search] lamps")
    schemas = [json.loads(line) for line in listed.feedback.splitlines()]
    assert len(schemas) == 12 and again.feedback == LISTED and "arguments" in helped.feedback and other.feedback == HINT
    cancel = next(schema for schema in schemas if schema["name"] == "cancel_order")["parameters"]
    assert cancel["required"] == ["order_id", "reason"] and cancel["properties"]["order_id"]["type"] == "string"
    assert cancel["properties"]["reason"]["enum"] == [REASON, "ordered by mistake"] and cancel["additionalProperties"] is False


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("cancel it", "no JSON"),
        ("[]", "Write"),
        ('{"name": "get_order"}', "Write"),
        ('{"name": 3, "arguments": {}}', "Write"),
        ('{"name": "drop_table", "arguments": {}}', "no tool 'drop_table'"),
        ("get_order: {}", "order_id"),
        ('get_order: {"order_id": 3}', "order_id"),
        ('get_order: {"order_id": "R1", "more": 1}', "more"),
        ('get_order: {"order_id": "R1"}', "no order R1"),
        ('get_order: {"order_id": "\\ud800"}', "no JSON"),
        (f'cancel_order: {{"order_id": "{ORDER}", "reason": "fun"}}', "reason"),
        (f'cancel_order: {{"order_id": "{DELIVERED}", "reason": "{REASON}"}}', "delivered, not pending"),
        (f'return_items: {{"order_id": "{DELIVERED}", "item_ids": []}}', "name each once"),
        ("x: " + "[" * 5000, "no JSON"),
    ],
)
def test_wrong_calls_are_answered_change_nothing_and_cost_a_turn(said, why):
    made = gym()
    result = turns(made, f"[answer] {said}")[0]
    assert result.feedback.startswith("Error: ") and why in result.feedback and result.rewards == ZERO
    assert digest(made._data) == digest(DATA) and made.state()["turn"] == 1 and made.state()["calls"] == []


def test_both_ways_to_write_a_call_and_speaking_by_tool():
    short = f'[answer] cancel_order: {{"order_id": "{ORDER}", "reason": "{REASON}"}}'
    assert turns(gym(), short, call("respond", content=TELL.removeprefix("[action] ")))[1].rewards == {"env": 1.0}


@pytest.mark.parametrize(
    ("output", "said", "strict", "loose"),
    [
        ("1347", "You get 1,347 back.", True, True),
        ("1347", "That makes 1347.", True, True),
        ("347", "You get 1347 back.", False, True),
        ("347", "It is 347.50.", False, True),
        ("14:35", "At 14:35, sharp", True, True),
        ("4:35", "At 14:35.", False, True),
        ("Lamp", "the LAMP", True, True),
        ("55", " ".join(map(str, range(50, 60))), False, True),
        ("55", "50 51 52 53 54 55 56 57", True, True),
        ("55", "fifty-five", False, False),
    ],
)
def test_when_an_output_was_told(output, said, strict, loose):
    assert (told(output, ["Hello.", said], strict=True), told(output, [said], strict=False)) == (strict, loose)


def test_the_customer_reads_its_own_opening_and_the_whole_conversation():
    partner = Recorder("Yes.")
    turns(gym(partner, prompt="full"), "[action] One?", call("get_order", order_id=ORDER), "[action] Two?")
    view = partner.views[-1]
    assert task().visible.opening in view.system and ORDER in view.system and STOP in view.system and view.fresh
    assert [(m.role, m.content) for m in view.messages] == [("user", "One?"), ("assistant", "Yes."), ("user", "Two?")]


def test_the_agent_reads_the_policy_unless_it_is_switched_off():
    policy = domain("retail").policy
    assert policy in gym(prompt="full").first_view.system and "16 turns" in gym(prompt="full").first_view.system
    assert policy not in gym(prompt="full", show_policy=False).first_view.system
    assert gym().first_view.system == "Serve."


def test_a_partner_that_fails_or_has_no_room_changes_nothing():
    class Broken:
        async def speak(self, view):
            raise RuntimeError("no customer")

    class Full:
        async def speak(self, view):
            return Utterance("", "context_full")

    for partner, error in ((Broken(), RuntimeError), (Full(), PartnerSilent)):
        made = gym(partner)
        turns(made, CANCEL)
        before, data = made.state(), digest(made._data)
        with pytest.raises(error):
            turns(made, "[action] Hello?")
        assert made.state() == before and digest(made._data) == data


def test_the_userrl_preset_pays_at_the_end_of_the_dialogue_only():
    """UserRL: `[finish]` returns the last reward, which is 0; the marker counts anywhere; outputs anywhere in the text."""
    results = turns(userrl(Recorder("Good.")), CANCEL, TELL, "[finish]")
    assert [r.rewards for r in results] == [ZERO] * 3 and results[2].terminated and not results[2].truncated
    assert results[0].feedback.endswith("\nReward: 0.0")
    results = turns(userrl(Recorder(f"Thanks {STOP} bye")), CANCEL, f"[action] 9{TOTAL}9")
    assert results[1].rewards == {"env": 1.0} and results[1].terminated and results[1].feedback.endswith("\nReward: 1.0")
    assert turns(userrl(Recorder(STOP)), TELL)[0].rewards == ZERO
    assert turns(userrl(Recorder("x")), CANCEL, TELL, call("transfer_to_human_agents", summary="x"))[2].rewards == {"env": 1.0}
    assert turns(userrl(Recorder("x")), call("transfer_to_human_agents"))[0].terminated, "also if the call is wrong"
    assert [r.rewards for r in turns(userrl(Recorder("x")), "no prefix", "[answer] x", "[search] x")] == [ZERO] * 3
    last = turns(userrl(Recorder(STOP)), *["[search] tools"] * 15, "[action] Hm")[-1]
    assert last.terminated and not last.truncated, "never both, on the last turn too"


def test_malformed_and_refused_turns_cost_a_turn():
    made = gym(max_turns=2)
    assert made.refuse("One call per turn.").feedback == "One call per turn."
    assert turns(made, "nonsense")[0].truncated


def test_wrong_parameters_and_tasks_are_refused():
    with pytest.raises(ValueError, match="prompt"):
        gym(prompt="long")
    with pytest.raises(TypeError, match="TauTask"):
        gym(played=envs.load("SearchGym", "train", count=1)[0])
    with pytest.raises(ValueError, match="did you mean 'retail'"):
        domain("retial")


def test_the_right_end_is_made_from_a_fresh_database():
    assert target("retail", "[]") == digest(DATA) == digest(domain("retail").fresh())
    made = gym()
    turns(made, CANCEL)
    assert digest(domain("retail").fresh()) == digest(DATA) != digest(made._data)
    assert turns(gym(), "[action] What is your email?", "[finish]")[-1].info == {"database": False}
