"""The watchdog: who is silent, who is stuck, who is only waiting; and how much of a step a stage was idle."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.observe.meter import Meter, Reading
from cluster.observe.watchdog import Watchdog

SILENCE, STALL = 5.0, 30.0


def vitals(pid: int = 1, **work: tuple[int, int]) -> dict:
    return {
        "pid": pid,
        "pending": {kind: pending for kind, (pending, _) in work.items()},
        "done": {kind: done for kind, (_, done) in work.items()},
    }


def dog(*names: str) -> Watchdog:
    watchdog = Watchdog(SILENCE)
    watchdog.watch(names, 0.0)
    for name in names:
        watchdog.answered(name, vitals(), 0.0)
    return watchdog


def test_an_unanswered_ping_is_a_silence_reported_once():
    watchdog = dog("judge 0", "judge 1")
    watchdog.asked("judge 0", 1.0), watchdog.asked("judge 1", 1.0)
    watchdog.answered("judge 1", vitals(), 2.0)
    assert watchdog.silent(1.0 + SILENCE) == []
    assert watchdog.silent(1.1 + SILENCE) == ["judge 0"]
    assert watchdog.silent(99.0) == [], "it was ended: nobody waits for that answer any more"


def test_who_is_down_is_not_silent_until_it_lived_again():
    watchdog = dog("worker 0")
    watchdog.asked("worker 0", 1.0)
    watchdog.died("worker 0")
    watchdog.asked("worker 0", 2.0)  # queued at an actor that is starting
    assert watchdog.silent(500.0) == []
    watchdog.answered("worker 0", vitals(pid=7), 500.0)
    watchdog.asked("worker 0", 501.0)
    assert watchdog.silent(507.0) == ["worker 0"]


def test_who_is_starting_is_not_judged():
    watchdog = dog("rank 0")
    watchdog.unwatch(["rank 0"])
    watchdog.watch(["rank 0"], 1.0)
    watchdog.asked("rank 0", 2.0)
    assert watchdog.silent(500.0) == []
    watchdog.answered("rank 0", vitals(pid=9), 500.0)
    assert watchdog.components["rank 0"].restarts == 1
    watchdog.asked("rank 0", 501.0)
    assert watchdog.silent(507.0) == ["rank 0"]


def test_who_is_silent_or_being_replaced_is_absent_and_who_never_lived_is_not():
    watchdog = dog("judge 0", "judge 1")
    watchdog.watch(["judge 2"], 0.0)
    watchdog.asked("judge 0", 1.0)
    assert watchdog.absent(3.0, 2.0) == []
    assert watchdog.absent(3.1, 2.0) == ["judge 0"]
    watchdog.died("judge 0")
    assert watchdog.absent(3.1, 2.0) == ["judge 0"]
    watchdog.answered("judge 0", vitals(pid=7), 9.0)
    assert watchdog.absent(9.0, 2.0) == []


def test_work_that_does_not_move_is_stuck_and_named():
    watchdog = dog("engine of 'user' 0")
    watchdog.answered("engine of 'user' 0", vitals(steps=(12, 100)), 1.0)
    watchdog.answered("engine of 'user' 0", vitals(steps=(12, 100)), 1.0 + STALL)
    assert watchdog.stuck(1.0 + STALL, STALL) == []
    (stuck,) = watchdog.stuck(2.0 + STALL, STALL)
    assert str(stuck) == "engine of 'user' 0: 12 steps pending, none done for 31 s"
    watchdog.answered("engine of 'user' 0", vitals(steps=(12, 101)), 40.0)
    assert watchdog.stuck(40.0, STALL) == []


def test_waiting_for_nothing_is_not_being_stuck():
    watchdog = dog("judge 0")
    watchdog.answered("judge 0", vitals(verdicts=(0, 5)), 1.0)
    watchdog.answered("judge 0", vitals(verdicts=(0, 5)), 900.0)
    assert watchdog.stuck(900.0, STALL) == []
    watchdog.answered("judge 0", vitals(verdicts=(1, 5)), 901.0)
    assert watchdog.stuck(902.0, STALL) == [], "its work began just now, not with its last verdict"


def test_the_worker_that_waits_for_a_stuck_judge_is_blamed_last():
    watchdog = dog("worker 0", "judge 0")
    for now in (0.0, 50.0):
        watchdog.answered("worker 0", vitals(episodes=(16, 4)), now)
    for now in (10.0, 50.0):
        watchdog.answered("judge 0", vitals(verdicts=(3, 9)), now)
    assert [stuck.name for stuck in watchdog.stuck(50.0, STALL)] == ["judge 0", "worker 0"]


def test_a_new_process_is_a_restart_and_begins_to_count_anew():
    watchdog = dog("judge 0")
    watchdog.answered("judge 0", vitals(pid=1, verdicts=(1, 7)), 1.0)
    watchdog.answered("judge 0", vitals(pid=2, verdicts=(1, 7)), 100.0)
    assert watchdog.components["judge 0"].restarts == 1
    assert watchdog.stuck(101.0, STALL) == []


@given(st.lists(st.tuples(st.sampled_from(["ask", "answer", "die", "look"]), st.floats(0.0, 10.0)), max_size=60))
def test_nobody_is_ended_who_answered_in_time_or_is_down(events: list[tuple[str, float]]):
    watchdog, now, asked, alive = dog("x"), 0.0, None, True
    for event, passed in events:
        now += passed
        if event == "ask" and asked is None:
            asked = now
            watchdog.asked("x", now)
        elif event == "answer" and asked is not None:
            asked, alive = None, True
            watchdog.answered("x", vitals(), now)
        elif event == "die":
            asked, alive = None, False
            watchdog.died("x")
        elif event == "look":
            expected = alive and asked is not None and now - asked > SILENCE
            assert watchdog.silent(now) == (["x"] if expected else [])
            if expected:
                asked, alive = None, False


def test_idle_shares_come_from_what_was_busy_between_two_readings():
    meter = Meter()
    assert meter.step(10.0, 1.0, [Reading("w0", "rollout", 9.5, 4.0)]) == {}
    scalars = meter.step(20.0, 5.0, [Reading("w0", "rollout", 19.5, 7.0), Reading("w1", "rollout", 19.0, 1.0)])
    assert scalars == {"idle/rollout": 0.7, "time/step": 10.0, "idle/learner": 0.5}


def test_a_restart_or_an_old_reading_gives_no_share():
    meter = Meter()
    meter.step(10.0, 1.0, [Reading("w0", "rollout", 9.5, 4.0), Reading("e", "engine", 9.0, 1.0)])
    scalars = meter.step(20.0, 5.0, [Reading("w0", "rollout", 19.5, 0.5), Reading("e", "engine", 9.0, 1.0)])
    assert set(scalars) == {"time/step", "idle/learner"}
