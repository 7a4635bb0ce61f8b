"""The stream: any order of dispatches, answers, failures and resumes keeps the ledger's promise."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cluster.groups.ledger import replay
from cluster.groups.stream import Accepted, Drop, Late, Progress, Retry, Stream


def dispatch_all(stream: Stream, version: int) -> list[int]:
    ids = []
    for _ in range(stream.want(version)):
        ids.append(stream.next_id)
        stream.dispatched(stream.next_id, 0, "w0")
    return ids


def test_a_synchronous_step_takes_every_group_in_order():
    stream = Stream(groups_per_step=3)
    assert dispatch_all(stream, 0) == [0, 1, 2]
    assert stream.want(0) == 0
    for group in (2, 0):
        assert stream.finished(group, 0, 0) == Accepted()
        assert stream.take(0) is None
    assert stream.ready() == [0, 2] and stream.running() == [1]
    stream.finished(1, 0, 0)
    assert stream.take(0) == [0, 1, 2]
    assert (stream.want(0), stream.want(1)) == (0, 3)


def test_nothing_is_played_for_steps_that_will_not_come():
    stream = Stream(4, max_staleness=3, steps=5)
    assert stream.want(0) == 16
    assert stream.want(3) == stream.want(4) == 20
    assert stream.want(7) == 32, "who goes on past the plan goes on step by step"


def test_failures_are_retried_then_dropped_and_replaced():
    stream = Stream(2, max_attempts=2)
    dispatch_all(stream, 0)
    assert stream.failed(0, 0, "worker died") == Retry(1)
    assert stream.finished(0, 0, 0) == Late()  # the old attempt answers after all
    with pytest.raises(ValueError, match="nothing waits"):
        stream.dispatched(0, 0, "w1")
    stream.dispatched(0, 1, "w1")
    assert stream.failed(0, 0, "timeout") == Late()
    assert stream.failed(0, 1, "worker died") == Drop("worker died")
    assert stream.finished(0, 1, 0) == Late()
    assert dispatch_all(stream, 0) == [2]
    stream.finished(2, 0, 0), stream.finished(1, 0, 0)
    assert stream.take(0) == [1, 2]
    assert stream.progress == Progress(dispatched=4, finished=2, retried=1, late=3, consumed=2, dropped=1)


def test_workers_that_die_are_not_held_against_a_group_so_soon():
    stream = Stream(1, max_attempts=2, max_losses=3)
    dispatch_all(stream, 0)
    for attempt in (0, 1):
        assert stream.lost(0, attempt, "worker died") == Retry(attempt + 1)
        stream.dispatched(0, attempt + 1, "w1")
    state = stream.state()
    assert stream.failed(0, 2, "no verdict") == Retry(3)
    stream.dispatched(0, 3, "w1")
    assert stream.lost(0, 3, "worker died") == Drop("worker died")
    again = Stream(1, max_attempts=2, max_losses=3)
    assert again.restore(json.loads(json.dumps(state))) == [(0, 3)]
    again.dispatched(0, 3, "w1")
    assert again.lost(0, 3, "worker died") == Drop("worker died"), "a checkpoint remembers them"


def test_stale_groups_are_dropped_when_they_would_be_consumed():
    events = []
    stream = Stream(1, max_staleness=1, record=events.append)
    dispatch_all(stream, 0)
    stream.finished(0, 0, 0), stream.finished(1, 0, 1)
    assert stream.take(2) == [1]
    assert events[-2] == {"event": "dropped", "group": 0, "attempt": 0, "reason": "stale by 2"}


def test_a_slow_group_is_waited_for_even_when_later_ones_are_ready():
    stream = Stream(2, max_staleness=1)
    assert dispatch_all(stream, 0) == [0, 1, 2, 3]
    for group in (1, 2, 3):
        stream.finished(group, 0, 0)
    assert stream.take(0) is None
    stream.finished(0, 0, 0)
    assert stream.take(0) == [0, 1]


def test_nothing_changes_when_the_record_cannot_be_written():
    def full(event):
        raise OSError("disk full")

    stream = Stream(1)
    dispatch_all(stream, 0)
    stream._record = full
    before = stream.state()
    for transition in (
        lambda: stream.finished(0, 0, 0),
        lambda: stream.failed(0, 0, "x"),
        lambda: stream.dispatched(1, 0, "w"),
    ):
        with pytest.raises(OSError, match="disk full"):
            transition()
        assert stream.state() == before


def test_impossible_transitions_are_programming_errors():
    stream = Stream(2)
    for call in (lambda: stream.finished(0, 0, 0), lambda: stream.failed(3, 0, "x")):
        with pytest.raises(ValueError, match="never dispatched"):
            call()
    for group, attempt in ((1, 0), (0, 1)):
        with pytest.raises(ValueError, match="nothing waits"):
            stream.dispatched(group, attempt, "w")


class Life(RuleBasedStateMachine):
    """A driver, workers that answer in any order or never, and resumes from any checkpoint."""

    @initialize(groups=st.integers(1, 3), staleness=st.integers(0, 2), attempts=st.integers(1, 3))
    def start(self, groups, staleness, attempts):
        limits = {"max_attempts": attempts, "max_losses": attempts}
        self.arguments = {"groups_per_step": groups, "max_staleness": staleness, **limits}
        self.lines: list[str] = []
        self.stream = Stream(**self.arguments, record=self.record)
        self.version = 0
        self.sent: list[tuple[int, int, int]] = []
        self.sampled: dict[int, int] = {}
        self.retry: list[tuple[int, int]] = []
        self.ended: Counter = Counter()
        self.checkpoints = []
        self.checkpoint()

    def record(self, event):
        self.lines.append(json.dumps(event) + "\n")

    def send(self, group, attempt):
        self.stream.dispatched(group, attempt, "w")
        self.sent.append((group, attempt, self.version))

    @rule()
    def dispatch_new(self):
        if self.stream.want(self.version):
            self.send(self.stream.next_id, 0)

    @precondition(lambda self: self.retry)
    @rule()
    def dispatch_again(self):
        self.send(*self.retry.pop(0))

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), how=st.sampled_from(["finished", "failed", "lost"]))
    def answer(self, data, how):
        """Of any attempt ever sent, so also late ones and answers given twice."""
        group, attempt, version = data.draw(st.sampled_from(self.sent))
        if how == "finished":
            outcome = self.stream.finished(group, attempt, version)
        else:
            outcome = getattr(self.stream, how)(group, attempt, "because")
        if isinstance(outcome, Accepted):
            self.sampled[group] = version
        if isinstance(outcome, Retry):
            self.retry.append((group, outcome.attempt))
        if isinstance(outcome, Drop):
            self.ended[group] += 1

    @rule()
    def learn(self):
        dropped = self.stream.progress.dropped
        live = {*self.stream.ready(), *self.stream.running()}
        taken = self.stream.take(self.version)
        if taken is not None:
            assert taken == sorted(taken) and len(taken) == self.stream.groups_per_step
            assert all(self.version - self.sampled[group] <= self.stream.max_staleness for group in taken)
            self.version += 1
        gone = live - {*self.stream.ready(), *self.stream.running()}
        assert len(gone) == len(taken or []) + self.stream.progress.dropped - dropped
        self.ended.update(gone)

    @rule()
    def checkpoint(self):
        offset = sum(map(len, self.lines))
        self.checkpoints.append((offset, json.dumps(self.stream.state()), self.version, Counter(self.ended)))

    @rule(data=st.data())
    def resume(self, data):
        offset, state, self.version, ended = data.draw(st.sampled_from(self.checkpoints))
        self.ended = Counter(ended)
        self.record({"event": "rolled_back_to", "offset": offset})
        self.stream = Stream(**self.arguments, record=self.record)
        self.retry, self.sent = self.stream.restore(json.loads(state)), []

    @invariant()
    def the_ledger_agrees(self):
        if not hasattr(self, "stream"):
            return
        counts, progress = replay(self.lines), self.stream.progress
        for name in Progress.__dataclass_fields__:
            assert getattr(counts, name) == getattr(progress, name), name
        live = len(self.stream.ready()) + len(self.stream.running())
        assert counts.live == live
        assert progress.consumed + progress.dropped + live == self.stream.next_id
        assert all(times == 1 for times in self.ended.values())
        limit = (self.version + 1 + self.stream.max_staleness) * self.stream.groups_per_step
        assert progress.consumed + live <= limit


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@settings(max_examples=60, deadline=None)
@given(groups=st.integers(1, 3), staleness=st.integers(0, 3), data=st.data())
def test_what_is_dispatched_in_time_is_never_too_stale(groups, staleness, data):
    """Capacity alone keeps the bound: with workers that answer in any order, nothing is ever dropped."""
    stream, version, running = Stream(groups, staleness), 0, []
    for _ in range(data.draw(st.integers(1, 40))):
        for _ in range(stream.want(version)):
            running.append((stream.next_id, version))
            stream.dispatched(stream.next_id, 0, "w")
        if running:
            group, sampled = running.pop(data.draw(st.integers(0, len(running) - 1)))
            stream.finished(group, 0, sampled)
        version += stream.take(version) is not None
    assert stream.progress.dropped == 0
