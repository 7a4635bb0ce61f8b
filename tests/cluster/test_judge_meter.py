"""What a step's verdicts were like, from counts that only grow; and vitals of every kind of judge become scalars."""

from actors.judge_stats import FAILURES, JudgeStats
from cluster.observe.health import Member
from cluster.observe.judge_meter import JudgeMeter
from cluster.observe.reporter import endpoint_scalars, judge_stats, judge_status
from cluster.observe.watchdog import Component


def counted(requests: int, invalid: int = 0, retried: int = 0, p95: float = 10.0) -> dict[str, float]:
    failures = dict.fromkeys(FAILURES, 0.0) | {"invalid": float(invalid)}
    return {"requests": float(requests), "retried": float(retried), "latency_p50_ms": 5.0, "latency_p95_ms": p95, **failures}


def test_a_step_is_judged_by_itself():
    meter = JudgeMeter()
    assert meter.step({"w0": counted(100, invalid=50)})["judge/error_share"] == 0.5
    later = meter.step({"w0": counted(200, invalid=50, retried=10), "w1": counted(100, p95=30.0)})
    assert later["judge/error_share"] == 0.0, "what failed before is not held against this step"
    assert later["judge/retried_share"] == 10 / 200
    assert later["judge/latency_p95_ms"] == 30.0
    assert meter.step({"w0": counted(200, invalid=50, retried=10), "w1": counted(100)}) == {}, "none was asked for"


def test_a_worker_that_restarted_counts_anew():
    meter = JudgeMeter()
    meter.step({"w0": counted(100, invalid=100)})
    assert meter.step({"w0": counted(10, invalid=1)})["judge/error_share"] == 0.1


def test_the_keys_are_those_that_workers_count():
    stats = JudgeStats()
    stats.asked()
    stats.failed("refused", True)
    assert JudgeMeter().step({"w0": stats.to_dict()})["judge/error_share"] == 1.0


def test_vitals_of_every_back_end_become_scalars():
    def known(name: str, **vitals: object) -> tuple[Member, Component, float]:
        return Member(name, "judge", lambda: None, lambda: None), Component(0.0, vitals=dict(vitals)), 0.0

    rules, vllm = known("judge 0", pid=1), known("judge 1", tokens=5, busy_s=0.5)
    endpoint = known("judge 2", endpoint={"requests": 2.0, "tokens": 30.0, "cost": 0.1})
    worker = known("rollout worker 0", judge=counted(4, invalid=1))
    everyone = [rules, vllm, endpoint, worker]
    assert endpoint_scalars(everyone) == {"endpoint/requests": 2.0, "endpoint/tokens": 30.0, "endpoint/cost": 0.1}
    assert endpoint_scalars([rules, vllm]) == {}
    assert set(judge_stats(everyone)) == {"rollout worker 0"}
    assert judge_status(everyone)["default"].errors == 1
