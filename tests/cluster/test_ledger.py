"""The ledger file: torn tails, rollbacks and contradictions."""

import json

import pytest

from cluster.groups.ledger import Ledger, LedgerError, replay


def line(event, **fields):
    return json.dumps({"event": event, **fields}) + "\n"


def one_group(group):
    return [
        line("dispatched", group=group, attempt=0, worker="w"),
        line("finished", group=group, attempt=0, version=0),
        line("consumed", groups=[group], version=0),
    ]


def test_lines_are_on_disk_when_record_returns(tmp_path):
    ledger = Ledger(tmp_path / "a" / "ledger.jsonl")
    ledger.record({"event": "dispatched", "group": 0, "attempt": 0, "worker": "w"})
    text = (tmp_path / "a" / "ledger.jsonl").read_text()
    assert json.loads(text)["worker"] == "w" and len(text) == ledger.offset()
    ledger.close()


def test_a_torn_last_line_is_ignored_and_removed(tmp_path):
    path = tmp_path / "ledger.jsonl"
    path.write_text("".join(one_group(0)) + '{"event": "dispat')
    with path.open() as lines:
        assert replay(lines).consumed == 1
    with Ledger(path) as ledger:
        ledger.record({"event": "dispatched", "group": 1, "attempt": 0, "worker": "w"})
    counts = replay(path.read_text().splitlines(keepends=True))
    assert (counts.dispatched, counts.consumed, counts.steps, counts.live) == (2, 1, 1, 1)


def test_a_rollback_voids_what_came_after_the_checkpoint(tmp_path):
    path = tmp_path / "ledger.jsonl"
    path.write_text("".join(one_group(0)))
    with Ledger(path) as ledger:
        offset = ledger.offset()
        ledger.record({"event": "dispatched", "group": 1, "attempt": 0, "worker": "w"})
        ledger.roll_back(offset)
        ledger.record({"event": "dispatched", "group": 1, "attempt": 0, "worker": "w"})
        with pytest.raises(LedgerError, match="cannot roll back to byte 100000"):
            ledger.roll_back(100_000)
    counts = replay(path.read_text().splitlines(keepends=True))
    assert (counts.dispatched, counts.void, counts.live) == (2, 1, 1)


def test_rolling_back_into_a_voided_stretch_brings_it_back():
    first, second = one_group(0), one_group(1)
    to_second = line("rolled_back_to", offset=len("".join(first + second)))
    to_first = line("rolled_back_to", offset=len("".join(first)))
    lines = [*first, *second, to_first, *second, to_second, *one_group(2)]
    assert replay(lines).consumed == 3 and replay(lines).void == 4
    with pytest.raises(LedgerError, match="where no line ends"):
        replay([*first, line("rolled_back_to", offset=5)])


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([*one_group(0), line("consumed", groups=[0], version=1)], "line 4: group 0 is ended and cannot be consumed"),
        ([*one_group(0), line("dispatched", group=0, attempt=0, worker="w")], "line 4: group 0 is ended"),
        (one_group(0)[1:], "line 1: group 0 is new and cannot be finished"),
        ([one_group(0)[0], line("finished", group=0, attempt=1, version=0)], "group 0 is at attempt 0, not 1"),
        ([line("vanished", group=0)], "unknown event 'vanished'"),
    ],
)
def test_a_contradiction_is_named(lines, complaint):
    with pytest.raises(LedgerError, match=complaint):
        replay(lines)
