"""`parley submit` on this side of the network: what it refuses before anything is uploaded, and how it follows a log."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import pytest
from ray._private.runtime_env.packaging import create_package
from ray.job_submission import JobStatus

from cluster import cli, config
from cluster.config.sections import IN_JOB
from cluster.errors import UserError
from cluster.jobs import job_log
from cluster.jobs.job_log import ClusterLost, follow
from cluster.jobs.job_server import ADDRESS
from cluster.jobs.upload import inside

REPOSITORY = Path(__file__).parents[2]
QUICKSTART = REPOSITORY / "examples" / "quickstart.yaml"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def address() -> Iterator[None]:
    """`parley submit` hands its address to Ray's client by the environment, here that of all later tests."""
    before = os.environ.pop(ADDRESS, None)
    yield
    os.environ.pop(ADDRESS, None)
    if before is not None:
        os.environ[ADDRESS] = before


"""The discard port: nothing listens there."""


def refused(*arguments: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence with which the command line refuses."""
    monkeypatch.setattr("sys.argv", ["parley", "submit", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    error = capsys.readouterr().err
    assert caught.value.code == 2, error
    assert error.count("\n") == 1, error
    return error.removeprefix("parley: ").strip()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["learner.lrr=1"], "learner.lrr is not a known key: did you mean learner.lr?"),
        (["run.root=runs"], "run.root is 'runs': a Ray job works in a copy that is thrown away"),
        ([], "run.root is 'runs': a Ray job works in a copy that is thrown away"),
        (["--env", "PARLEY_HOME=here"], "run.root is 'here': a Ray job works in a copy that is thrown away"),
        (["--env", "2=3", "run.root=/r"], "--env is '2': it must be KEY=VALUE"),
        (["--env", "PARLEY_HOMM", "run.root=/r"], "--env is PARLEY_HOMM: it is not set here; did you mean PARLEY_HOME?"),
        (["--address", "head:8265", "run.root=/r"], "--address is 'head:8265': it must be the URL of the dashboard"),
        (["--address", NOBODY, "run.root=/r"], f"--address is {NOBODY}: no Ray job server answers there"),
        (["--working-dir", "/no/folder", "run.root=/r"], "--working-dir is '/no/folder': there is no such folder."),
        (["--resume", "--overwrite", "run.root=/r"], "--overwrite and --resume exclude each other"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_uploaded(arguments, says, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path))  # of this machine: the job does not get it
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", NOBODY)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert refused(QUICKSTART, *arguments, monkeypatch=monkeypatch, capsys=capsys).startswith(says)


def test_the_home_of_runs_is_passed_on_by_name(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("PARLEY_HOME", str(tmp_path))
    says = refused(QUICKSTART, "--env", "PARLEY_HOME", "--address", NOBODY, monkeypatch=monkeypatch, capsys=capsys)
    assert "no Ray job server answers there" in says, "the config was in order"


def test_models_that_lie_on_the_cluster_are_not_looked_for_here(monkeypatch, capsys):
    model = "policies.agent.model=/shared/models/agent"
    says = refused(QUICKSTART, model, "run.root=/r", "--address", NOBODY, monkeypatch=monkeypatch, capsys=capsys)
    assert "no Ray job server answers there" in says


def test_in_a_job_a_relative_root_is_refused(monkeypatch):
    monkeypatch.setenv(IN_JOB, "{}")
    monkeypatch.delenv("PARLEY_HOME", raising=False)
    for overrides in ([], ["run.root=runs"], ["run.name=other"]):
        with pytest.raises(UserError, match=r"run\.root is 'runs': a Ray job"):
            config.load(QUICKSTART, overrides)
    assert config.load(QUICKSTART, ["run.root=/kept"]).run.root == Path("/kept")
    monkeypatch.setenv("PARLEY_HOME", "/home/of/runs")
    assert config.load(QUICKSTART).run.root == Path("/home/of/runs")


def test_a_config_must_be_among_what_is_uploaded(tmp_path):
    (tmp_path / ".rayignore").write_text("/runs/\n*.local.yaml\n")
    (tmp_path / "conf" / "deep").mkdir(parents=True)
    (tmp_path / "conf" / ".gitignore").write_text("deep/\n")
    for name in ("a.yaml", "conf/b.yaml"):
        assert inside(tmp_path / name, tmp_path) == name
    for name, culprit in (("runs/x/config.yaml", "."), ("a.local.yaml", "."), ("conf/deep/c.yaml", "conf")):
        with pytest.raises(UserError, match=f"is not uploaded: .gitignore or .rayignore in {tmp_path / culprit} leaves it out"):
            inside(tmp_path / name, tmp_path)
    with pytest.raises(UserError, match=r"lies outside of .* which is all that is uploaded"):
        inside(tmp_path / "a.yaml", tmp_path / "conf")


def test_the_upload_holds_what_a_run_needs_and_little_else(tmp_path):
    """Packed by Ray itself, from a copy with the folders that a working checkout has."""
    copy = tmp_path / "copy"
    shutil.copytree(REPOSITORY, copy, ignore=shutil.ignore_patterns(".venv", ".git", "runs", ".*_cache", ".hypothesis"))
    for waste in (".git/config", "runs/mine/summary.json", ".venv/pyvenv.cfg", "envs/__pycache__/x.pyc", "wandb/x.wandb"):
        (copy / waste).parent.mkdir(parents=True, exist_ok=True)
        (copy / waste).write_text("waste")
    package = tmp_path / "package.zip"
    create_package(str(copy), package, include_gitignore=True)
    names = ZipFile(package).namelist()
    assert {"cluster/__main__.py", "examples/quickstart.yaml", "pyproject.toml"} <= set(names)
    tops = {name.split("/")[0] for name in names}
    assert not tops & {".git", ".venv", "runs", "tests", "docs", "wandb"}, tops
    assert not [name for name in names if name.endswith(".pyc")]
    assert package.stat().st_size < 5 * 2**20


@dataclass
class Server:
    """A job server whose log arrives in pieces; an exception among them is a connection that breaks."""

    connections: list[list[str | Exception]]
    info: Any = None
    opened: int = field(default=0)
    late: str = ""
    """What the driver wrote after the last connection was closed."""

    async def tail_job_logs(self, job: str) -> AsyncIterator[str]:
        self.opened += 1
        for piece in self.connections[min(self.opened, len(self.connections)) - 1]:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def get_job_info(self, job: str) -> Any:
        return self.info

    def get_job_logs(self, job: str) -> str:
        return "".join(piece for piece in self.connections[-1] if isinstance(piece, str)) + self.late


def ended(status: JobStatus, code: int | None, message: str = "") -> SimpleNamespace:
    return SimpleNamespace(status=status, driver_exit_code=code, message=message)


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_log, "PAUSE_S", 0.0)


def test_a_log_is_printed_once_over_connections_that_break(no_pause, capsys):
    lost = RuntimeError("WebSocket connection closed")
    server = Server([["one\ntw", lost], ["one\n", lost], ["one\ntwo\nth", "ree\n"]], ended(JobStatus.SUCCEEDED, 0))
    assert follow(server, "job") == 0
    assert capsys.readouterr().out == "one\ntwo\nthree\n"
    assert server.opened == 3


def test_what_is_written_after_the_last_connection_is_printed_too(no_pause, capsys):
    assert follow(Server([["one\n"]], ended(JobStatus.SUCCEEDED, 0), late="two\n"), "job") == 0
    assert capsys.readouterr().out == "one\ntwo\n"


def test_a_cluster_that_stays_away_is_given_up(no_pause, monkeypatch):
    monkeypatch.setattr(job_log, "PATIENCE_S", 0.2)
    with pytest.raises(ClusterLost, match="refused"):
        follow(Server([[ConnectionError("refused")]]), "job")


@pytest.mark.parametrize(
    ("info", "code", "says"),
    [
        (ended(JobStatus.SUCCEEDED, 0), 0, ""),
        (ended(JobStatus.FAILED, 2), 2, "parley: job j failed with exit code 2\n"),
        (ended(JobStatus.FAILED, -9), 137, "parley: job j failed with exit code 137\n"),
        (ended(JobStatus.FAILED, None, "supervisor died"), 1, "parley: job j failed: supervisor died\n"),
        (ended(JobStatus.STOPPED, None, "was stopped"), 1, "parley: job j stopped: was stopped\n"),
    ],
)
def test_the_exit_code_is_the_runs_own(info, code, says, capsys):
    assert follow(Server([[]], info), "j") == code
    assert capsys.readouterr().err == says
