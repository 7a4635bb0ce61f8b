"""The status file is whole, tolerant and names a silent driver; its view fits a terminal and cannot be hijacked by text."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from rich.cells import cell_len
from rich.console import Console

from cluster import cli
from cluster.jobs import driver_process
from cluster.observe.status import AlarmStatus, ComponentStatus, JudgeStatus, Status, StreamStatus
from cluster.terminal import watch as watching
from cluster.terminal.status_view import duration, view

NOW = 1_000_000.0
HOSTILE = "[bold red]\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\r\n[/] \ud800"


def full(**changes) -> Status:
    status = Status(
        run="quick",
        state="training",
        pid=4711,
        updated=NOW - 2,
        iteration=12,
        iterations=40,
        version=12,
        eta_s=4000.0,
        stream=StreamStatus(running=3, ready=2, waiting=1, consumed=192, dropped=5, retried=4, late=7),
        staleness={"10": 4, "0": 12, "2": 0},
        stages={"rollout": 2.412, "credit": 0.05, "learn": 1.1, "publish": 0.1},
        throughput={"tokens_per_s": 12345.6, "episodes_per_s": 31.25, "groups_per_s": 3.9, "steps_per_hour": 900.0},
        idle={"rollout": 0.1, "learner": 0.7, "engine": 1.0},
        components=[
            ComponentStatus(name="rollout worker 0", kind="worker", version=9, pending={"groups": 3}, done={"groups": 77}),
            ComponentStatus(name="rollout worker 1", kind="worker", version=12, rates={"tokens_per_s": 1234.5}),
            ComponentStatus(name="engine of 'user' 0", kind="engine", alive=False, silent_s=34.0, restarts=2),
            ComponentStatus(name="learner 'agent' rank 0", kind="learner"),
        ],
        judges={"default": JudgeStatus(requests=1234, errors=3, error_share=0.024, retried_share=0.1, latency_p95_ms=120.0)},
        restores=1,
        alarms=[AlarmStatus(iteration=3, name="entropy_floor", message="the entropy fell to 0.02")],
    )
    return status.model_copy(update=changes)


def printed(status: Status, width: int = 100, lives: bool | None = None, terminal: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal, markup=False)
    console.print(view(status, NOW, lives))
    return console.file.getvalue()


@pytest.fixture
def parley(monkeypatch, capsys):
    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["parley", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "100")
        with pytest.raises(SystemExit) as caught:
            cli.main()
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return run


# The file


def test_what_is_written_is_read_from_the_folder_and_from_the_file(tmp_path):
    written = full(cause=HOSTILE)
    written.write(tmp_path)
    assert Status.read(tmp_path) == Status.read(tmp_path / "status.json") == written
    assert [path.name for path in tmp_path.iterdir()] == ["status.json"], "nothing is left aside"


def test_half_a_status_of_another_version_is_valid(tmp_path):
    text = {"run": "x", "surprise": 1, "eta_s": None, "version": None, "idle": {"engine": None, "learner": 0.5}}
    text |= {"components": [{"name": "w", "silent_s": None, "new": {}}], "judges": {"default": {}}, "state": "imitation"}
    (tmp_path / "status.json").write_text(json.dumps(text))
    status = Status.read(tmp_path)
    assert (status.run, status.version, status.idle, status.state) == ("x", 0, {"learner": 0.5}, "imitation")
    assert status.components == [ComponentStatus(name="w")] and status.judges == {"default": JudgeStatus()}
    assert "imitation" in printed(status)


def test_a_number_that_is_none_does_not_spoil_the_file(tmp_path):
    nan, inf = float("nan"), float("inf")
    full(eta_s=nan, throughput={"tokens_per_s": inf, "groups_per_s": 2.0}, began=nan).write(tmp_path)
    json.loads((tmp_path / "status.json").read_text(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    status = Status.read(tmp_path)
    assert (status.eta_s, status.throughput, status.began) == (None, {"groups_per_s": 2.0}, 0.0)


def test_no_reader_ever_sees_half_a_file(tmp_path):
    full().write(tmp_path)
    stop = threading.Event()

    def rewrite() -> None:
        number = 0
        while not stop.is_set():
            full(iteration=number, cause="x" * (number % 7) * 5000).write(tmp_path)
            number += 1

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        seen = {Status.read(tmp_path).iteration for _ in range(300)}
    finally:
        stop.set()
        writer.join()
    assert len(seen) > 1, "the writer was at work meanwhile"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"run": "x", "comp', "cannot be read"),
        ("\x80", "cannot be read"),
        ("[1, 2]", "not the status of a run"),
        ('{"state": "dancing"}', "state"),
        ('{"components": [{"restarts": "many"}]}', "components.0.restarts"),
    ],
)
def test_a_torn_or_foreign_file_is_one_sentence(content, says, tmp_path, parley):
    (tmp_path / "status.json").write_bytes(content.encode("latin-1"))
    code, out, error = parley("status", tmp_path)
    assert (code, out, error.count("\n")) == (2, "", 1), error
    assert says in error and "status.json" in error


def test_only_the_last_alarms_are_kept():
    alarms = [AlarmStatus(iteration=number) for number in range(50)]
    assert [alarm.iteration for alarm in Status(alarms=alarms).alarms] == list(range(30, 50))


# A silent driver


@pytest.mark.parametrize(
    ("age", "state", "lives", "says"),
    [
        (14.0, "training", None, None),
        (16.0, "training", None, "the driver has not written for 16 s: it is dead or stuck."),
        (90.0, "imitation", True, "the driver has not written for 90 s: it is dead or stuck; its process 4711 still lives."),
        (90.0, "starting", False, "the driver has not written for 90 s: it is dead or stuck; its process 4711 is gone."),
        (9e5, "finished", False, None),
        (9e5, "failed", None, None),
        (9e5, "interrupted", None, None),
    ],
)
def test_a_stale_status_names_itself(age, state, lives, says):
    status = full(updated=NOW - age, state=state)
    assert status.trouble(NOW, lives) == says
    text = printed(status, lives=lives)
    assert (says in text) if says else ("has not written" not in text)


def test_nothing_is_known_of_a_status_without_a_time():
    assert Status().trouble(NOW) is None
    assert "ago" not in printed(Status())


def test_a_driver_lives_until_it_has_ended_even_if_nobody_asked_how():
    space = driver_process.pid_space()
    assert driver_process.lives(os.getpid(), space) is True
    child = subprocess.Popen([sys.executable, "-c", "print(input())"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert driver_process.lives(child.pid, space) is True
    child.stdin.close()
    child.stdout.read()
    deadline = time.monotonic() + 20
    while driver_process.lives(child.pid, space) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert driver_process.lives(child.pid, space) is False, "a zombie is dead"
    child.wait()
    assert driver_process.lives(child.pid, space) is False


@pytest.mark.parametrize("pid, space", [(0, None), (1, "0123456789abcdef"), (1, "")])
def test_of_another_machine_nothing_is_known(pid, space):
    assert driver_process.lives(pid, driver_process.pid_space() if space is None else space) is None


# The view


def test_everything_fits_a_hundred_columns_without_colours():
    text = printed(full(cause="it was asked to stop", exit_code=130))
    assert "\x1b" not in text
    assert max(map(cell_len, text.splitlines())) <= 100
    for fact in (
        *("quick", "training", "iteration 12/40", "30%", "version 12", "1 h 6 min left", "written 2 s ago"),
        *("tokens/s 12346", "episodes/s 31.2", "steps/hour 900", "rollout 2.41 s", "publish 0.1 s", "10%", "70%", "100%"),
        *("running 3", "ready 2", "waiting 1", "consumed 192", "dropped 5", "retried 4", "late 7"),
        *("9 (-3)", "pending groups 3; done groups 77", "tokens/s 1234", "engine of 'user' 0", "down  34 s", "rank 0"),
        *("default", "1234", "2.4%", "10.0%", "120 ms", "actors 2  from a checkpoint 1"),
        *("entropy_floor", "the entropy fell to 0.02", "it was asked to stop", "exit code 130"),
    ):
        assert fact in text, fact


@pytest.mark.parametrize("width", [80, 60, 30])
def test_it_wraps_in_narrower_terminals(width):
    text = printed(full(), width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert all(word in text for word in ("training", "12/40", "staleness", "entropy"))


def test_bars_are_as_long_as_their_shares():
    bars = {}
    for line in printed(full()).splitlines():
        words = line.split()
        if "━" in line and words[-1] in ("10%", "70%", "100%", "12", "4", "0"):
            bars[tuple(word for word in words[:-1] if word.strip("━╸"))[-1]] = line.count("━")
        elif words == ["2", "0"]:
            bars["2"] = 0
    assert bars == {"rollout": 3, "learner": 21, "engine": 30, "0": 22, "2": 0, "10": 7}
    assert list(bars)[-3:] == ["0", "2", "10"], "ages are sorted as numbers"


def test_only_the_version_of_those_behind_is_marked():
    lines = {name: line for line in printed(full()).splitlines() for name in ("worker 0", "worker 1", "rank 0") if name in line}
    assert "9 (-3)" in lines["worker 0"]
    assert " 12 " in lines["worker 1"] and "(-" not in lines["worker 1"]
    assert "12" not in lines["rank 0"]


def test_what_is_not_known_is_left_out():
    text = printed(Status(run="young"))
    assert "starting" in text
    assert not any(word in text for word in ("idle", "staleness", "judge", "alarm", "actor", "left", "exit code", "throughput"))


def test_hostile_text_is_spelled_out_everywhere():
    status = full(
        run=HOSTILE,
        cause=HOSTILE,
        components=[ComponentStatus(name=HOSTILE, pending={HOSTILE: 1}, rates={HOSTILE: 2.0})],
        judges={HOSTILE: JudgeStatus()},
        alarms=[AlarmStatus(name=HOSTILE, message=HOSTILE)],
        **{name: {HOSTILE: 1} for name in ("staleness", "stages", "throughput", "idle")},
    )
    plain = printed(status, width=1000)
    assert plain.count("[bold red]\\x1b]0;owned\\x07\\x1b[2J\\x9b31m\\u202egnp.exe\\x0d\\n[/] \\ud800") == 12
    assert not set(plain) & set("\x1b\x07\x9b\u202e\r\ud800")
    coloured = printed(status, width=1000, terminal=True)
    assert "\x1b[" in coloured, "rich's own colours"
    assert not any(evil in coloured for evil in ("\x1b]", "\x1b[2J", "\x07", "\x9b", "\u202e", "\r"))


@pytest.mark.parametrize(
    ("seconds", "says"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.7, "1 min 0 s"), (61.0, "1 min 1 s"), (7260.0, "2 h 1 min"), (90000.0, "1 d 1 h")],
)
def test_durations(seconds, says):
    assert duration(seconds) == says


# The command


def test_plain_status_ends_with_0_even_of_a_dead_run(tmp_path, parley):
    full(state="failed", cause="the learner died", exit_code=1).write(tmp_path)
    code, out, error = parley("status", tmp_path)
    assert (code, error) == (0, "")
    assert "failed" in out and "the learner died" in out
    full(updated=time.time() - 60).write(tmp_path)
    code, out, _ = parley("status", tmp_path)
    assert code == 0 and "has not written for 60 s" in out


def test_json_is_the_whole_file_and_the_trouble(tmp_path, parley):
    full(updated=time.time() - 60, cause=HOSTILE).write(tmp_path)
    code, out, _ = parley("status", tmp_path, "--json")
    data = json.loads(out)
    assert code == 0 and out.count("\n") == 1 and "\x1b" not in out
    assert "dead or stuck" in data.pop("trouble")
    assert Status.model_validate(data) == Status.read(tmp_path)


def test_a_missing_run_names_its_neighbour_and_an_empty_folder_says_so(tmp_path, parley):
    (tmp_path / "quick-0").mkdir()
    code, _, error = parley("status", tmp_path / "quik-0")
    assert code == 2 and "did you mean quick-0?" in error and error.count("\n") == 1
    code, _, error = parley("status", tmp_path / "quick-0")
    assert code == 2 and "holds no status.json" in error and error.count("\n") == 1


@pytest.mark.parametrize("options", [(), ("--watch",)])
def test_a_run_that_finished_before_there_was_a_status_says_so(options, tmp_path, parley):
    (tmp_path / "summary.json").write_text("{}")
    code, out, error = parley("status", tmp_path, *options)
    assert (code, error, out.count("\n")) == (0, "", 1)
    assert "finished before" in out
    code, out, _ = parley("status", tmp_path, "--json")
    assert code == 0 and json.loads(out)["state"] == "finished"
    full(state="failed").write(tmp_path)
    assert "failed" in parley("status", tmp_path, *options)[1], "a status that is there counts"


def test_watch_and_json_exclude_each_other(tmp_path, parley):
    code, _, error = parley("status", tmp_path, "--watch", "--json")
    assert code == 2 and "--watch" in error and "--json" in error


@pytest.mark.parametrize("terminal", [True, False])
def test_watching_ends_when_the_run_does(terminal, tmp_path, monkeypatch):
    states = [full(iteration=13), full(iteration=13), full(iteration=14), full(iteration=40, state="finished")]
    states.pop(0).write(tmp_path)
    console = Console(file=io.StringIO(), width=100, force_terminal=terminal, force_interactive=False, markup=False)
    monkeypatch.setattr(watching, "_console", lambda: console)
    monkeypatch.setattr(time, "sleep", lambda _: states.pop(0).write(tmp_path))
    watching.watch(tmp_path)
    text = console.file.getvalue()
    assert states == []
    assert "finished" in text and "40/40" in text and "consumed 192" in text
    if not terminal:
        assert text.count("13/40") == text.count("14/40") == 1, "a log has a line per change"
        assert "\x1b" not in text


def test_watching_ends_when_the_driver_is_gone(tmp_path, monkeypatch, parley):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    full(pid=child.pid, pid_space=driver_process.pid_space(), updated=time.time() - 60).write(tmp_path)
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("waits for a dead driver"))
    code, out, _ = parley("status", tmp_path, "--watch")
    assert code == 0 and f"process {child.pid} is gone" in out


def test_ctrl_c_ends_watching_cleanly(tmp_path):
    full(updated=time.time()).write(tmp_path)
    command = [sys.executable, "-m", "cluster", "status", str(tmp_path), "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            assert "12/40" in child.stdout.readline()
            child.send_signal(signal.SIGINT)
            _, error = child.communicate(timeout=30)
        finally:
            child.kill()
    assert child.returncode == 130
    assert "Traceback" not in error


def test_help_shows_an_example(parley):
    assert "parley status" in parley("status", "--help")[1]
