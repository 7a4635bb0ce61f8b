"""Runs as jobs on a cluster with a real job server, which wants a token: as documented, as `parley submit`, and as mistakes.

The cluster is what `ray start --head` gives, on ports and in a folder of its own. Whole runs and mistakes go side by
side. Where only the way of a job matters, a folder with a stand-in for the package `cluster` is submitted.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from own_ray import end, ray_folder

REPOSITORY = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
CONFIG = "examples/quickstart.yaml"
TINY = [
    "sft=null",
    "policies.user.mix=[{speaker: scripted}]",
    "run.iterations=1",
    "rollout={group_size: 2, groups_per_step: 2, concurrency: 4, max_turn_tokens: 12, max_context: 256}",
    "learner.minibatches=1",
    "eval={tasks: 1, greedy: false, constant_user: false, baselines: false}",
    "monitor.wandb=disabled",
]
START_S, RUN_S, JOB_S = 90.0, 280.0, 60.0
"""Deadlines: for the cluster, for whole runs (40 s on two idle cores), for a job that does nothing."""
STAND_IN = """
import os, signal, sys, time
def stopped(*_):
    time.sleep(5)
    open(os.environ["NOTE"], "w").write("saved")
    sys.exit(0)
signal.signal(signal.SIGTERM, stopped)
print("arguments", sys.argv[1:], "key", os.environ.get("WANDB_API_KEY"), flush=True)
if "DEATH" in os.environ:
    os.kill(os.getpid(), signal.SIGKILL)
if "CODE" in os.environ:
    sys.exit(int(os.environ["CODE"]))
while True:
    time.sleep(0.1)
"""
"""`python -m cluster` of the stand-in: tells what it got, then dies, or exits, or waits until it is stopped."""


@dataclass(frozen=True)
class Server:
    """A running cluster: the URL of its dashboard, where drivers join, and the environment of a user who knows its token."""

    address: str
    gcs: str
    environment: dict[str, str]

    def start(self, *command: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(word) for word in command],
            cwd=REPOSITORY,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def parley(self, *arguments: object) -> subprocess.Popen[str]:
        return self.start(BIN / "python", "-m", "cluster", "submit", *arguments)

    def job(self, name: str) -> dict[str, Any]:
        """What the server knows of a job."""
        request = urllib.request.Request(f"{self.address}/api/jobs/{name}")
        request.add_header("Authorization", f"Bearer {self.environment['RAY_AUTH_TOKEN']}")
        with urllib.request.urlopen(request, timeout=JOB_S) as answer:
            known: dict[str, Any] = json.load(answer)
        return known


def free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for taken in sockets:
            taken.bind(("127.0.0.1", 0))
        return [taken.getsockname()[1] for taken in sockets]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    port, dashboard, agent, client = free_ports(4)
    with ray_folder() as folder:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "WANDB_", "RAY_"))},
            **{"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_TMPDIR": folder},
            **{"RAY_memory_monitor_refresh_ms": "0", "RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"},
            "PATH": f"{BIN}:{os.environ['PATH']}",
        }
        served = Server(f"http://127.0.0.1:{dashboard}", f"127.0.0.1:{port}", environment)
        ports = [f"--port={port}", f"--dashboard-port={dashboard}", f"--ray-client-server-port={client}"]
        ports += [f"--dashboard-agent-listen-port={agent}"]  # every Ray on a machine tries for the same one
        sizes = ["--num-cpus=6", f"--object-store-memory={200 * 2**20}"]
        ray = subprocess.Popen(
            [BIN / "ray", "start", "--head", "--block", f"--temp-dir={folder}", *ports, *sizes],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        try:
            wait_for(served, agent, ray)
            yield served
        finally:
            end(ray)


def wait_for(served: Server, agent: int, ray: subprocess.Popen[str]) -> None:
    """The dashboard takes jobs, and the agent that starts them listens."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert ray.poll() is None, "ray start ended"
        with suppress(OSError):
            served.job("")
            socket.create_connection(("127.0.0.1", agent), START_S).close()
            return
        time.sleep(0.2)
    raise AssertionError(f"no job server within {START_S:.0f} s")


@dataclass(frozen=True)
class Ended:
    """A command that is over."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs are kept."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stand-in")
    (folder / "cluster").mkdir()
    (folder / "cluster" / "__init__.py").touch()
    (folder / "cluster" / "__main__.py").write_text(STAND_IN)
    shutil.copy(REPOSITORY / CONFIG, folder / "run.yaml")
    return folder


def submitted(server: Server, folder: Path, *arguments: object) -> subprocess.Popen[str]:
    fixed = [folder / "run.yaml", "run.root=/kept", "--working-dir", folder, "--address", server.address]
    return server.parley(*fixed, "--env", f"NOTE={folder / 'note'}", *arguments)


@pytest.fixture(scope="module")
def ended(server: Server, root: Path, stand_in: Path) -> dict[str, Ended]:
    """Whole runs, mistakes and jobs that do nothing, all submitted at once: most of their time is waiting."""
    ray_job = [BIN / "ray", "job", "submit", "--address", server.address, "--working-dir", "."]
    train = ["--", "python", "-m", "cluster", "train", CONFIG, *TINY]
    submit = [CONFIG, *TINY, f"run.root={root}", "--address", server.address]
    joins = [BIN / "python", "-m", "cluster", "train", CONFIG, *TINY, f"run.root={root}", "--dry-run"]

    def knowing(**variables: str) -> Server:
        return replace(server, environment=server.environment | variables)

    owner, stranger = knowing(WANDB_API_KEY="very secret"), knowing(RAY_AUTH_TOKEN=secrets.token_hex(32))
    started = {
        "joins": knowing(RAY_ADDRESS=server.gcs).start(*joins),
        "refused": knowing(RAY_ADDRESS=server.gcs, RAY_AUTH_MODE="disabled").start(*joins),
        "lost": knowing(RAY_ADDRESS="127.0.0.1:9").start(*joins),
        "documented": server.start(*ray_job, *train, f"run.root={root}", "run.name=documented"),
        "submitted": server.parley(*submit, "run.name=submitted", "--submission-id", "submitted"),
        "relative": server.start(*ray_job, "--submission-id", "relative", *train),
        "too large": server.parley(*submit, "run.name=large", "rollout.workers=400"),
        "7": submitted(owner, stand_in, "learner.lr=0", "--env", "CODE=7", "--resume"),
        "killed": submitted(server, stand_in, "--env", "DEATH=1"),
        "with a key": submitted(owner, stand_in, "--env", "CODE=0", "--env", "WANDB_API_KEY"),
        "unfollowed": submitted(server, stand_in, "--env", "CODE=3", "--name", "unfollowed", "--no-wait"),
        "stranger": submitted(stranger, stand_in),
    }
    deadline = time.monotonic() + RUN_S
    try:
        outputs = {name: process.communicate(timeout=deadline - time.monotonic()) for name, process in started.items()}
    finally:
        for process in started.values():
            process.kill()
    return {name: Ended(started[name].returncode, *outputs[name]) for name in started}


@pytest.mark.parametrize("name", ["documented", "submitted"])
def test_a_job_leaves_a_whole_run_under_the_shared_root(ended: dict[str, Ended], root: Path, name: str):
    assert ended[name].code == 0, ended[name].out + ended[name].err
    run = root / name
    assert json.loads((run / "summary.json").read_text())["iterations"] == 1
    assert list(run.glob("checkpoints/*/learner_group/agent/hf/model.safetensors"))
    page = (run / "report.html").read_text()
    assert "Best and worst conversations" in page
    assert json.loads((run / "versions.json").read_text())["torch"] in page


def test_parley_submit_follows_the_log_and_says_how_to_stop(ended: dict[str, Ended], server: Server):
    assert ended["submitted"].out.splitlines()[0] == "submitted", "the id, for scripts"
    assert "GRPO agent 1/1" in ended["submitted"].out
    assert f"ray job stop submitted --address {server.address}" in ended["submitted"].err
    assert server.environment["RAY_AUTH_TOKEN"] not in ended["submitted"].out + ended["submitted"].err


def test_a_mistake_that_only_the_cluster_can_see_ends_with_2(ended: dict[str, Ended]):
    assert ended["too large"].code == 2
    assert "parley: the run needs 200.75 CPUs (400 rollout workers: 200, " in ended["too large"].out
    assert "and the cluster has 6: lower rollout.workers from 400 to 10, or " in ended["too large"].out
    assert "Traceback" not in ended["too large"].out


def test_a_relative_root_is_refused_in_the_job(ended: dict[str, Ended], server: Server):
    """Ray's own command line ends with 1 whatever the job ended with; the server knows better."""
    assert ended["relative"].code == 1
    assert "parley: run.root is 'runs': a Ray job works in a copy" in ended["relative"].out
    assert server.job("relative")["driver_exit_code"] == 2


@pytest.mark.parametrize(("name", "code"), [("7", 7), ("killed", 137), ("with a key", 0)])
def test_the_command_ends_as_the_driver_does(ended: dict[str, Ended], name: str, code: int):
    assert ended[name].code == code, ended[name].out + ended[name].err


def test_the_job_gets_the_arguments_and_of_the_environment_what_is_named(ended: dict[str, Ended]):
    assert "arguments ['train', 'run.yaml', 'run.root=/kept', 'learner.lr=0', '--resume'] key None" in ended["7"].out
    named = ended["with a key"]
    assert "key very secret" in named.out, "the stand-in prints what it should not"
    assert "very secret" not in named.err + named.out.partition("arguments")[0]


def test_without_waiting_only_the_id_is_printed(ended: dict[str, Ended]):
    assert (ended["unfollowed"].code, ended["unfollowed"].out) == (0, "unfollowed\n")


def test_a_user_without_the_token_is_told_so(ended: dict[str, Ended], server: Server):
    assert ended["stranger"].code == 2
    assert ended["stranger"].err == (
        f"parley: --address is {server.address}: that cluster wants its token; set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN or "
        f"RAY_AUTH_TOKEN_PATH.\n"
    )


def test_a_driver_joins_the_cluster_or_says_why_it_cannot(ended: dict[str, Ended]):
    assert ended["joins"].code == 0, ended["joins"].err
    assert "# fits what is there: 1 node: 6 CPUs" in ended["joins"].out
    assert (ended["refused"].code, ended["lost"].code) == (2, 2)
    assert "needs RAY_AUTH_MODE=token, and its token in RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH." in ended["refused"].err
    assert ended["lost"].err.startswith("parley: RAY_ADDRESS is '127.0.0.1:9': nothing answers there (")
    assert "Traceback" not in ended["refused"].err + ended["lost"].err


def test_ctrl_c_leaves_the_job_alone_and_stopping_it_leaves_it_time(server: Server, stand_in: Path):
    process = submitted(server, stand_in, "--name", "long")
    assert process.stdout is not None
    assert any("arguments" in line for line in iter(process.stdout.readline, ""))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=JOB_S)
    assert process.returncode == 130
    assert f"the job goes on; to stop it: ray job stop long --address {server.address}" in err
    assert server.job("long")["status"] == "RUNNING"

    stop = server.start(BIN / "ray", "job", "stop", "long", "--address", server.address)
    again = submitted(server, stand_in, "--name", "long")
    _, err = again.communicate(timeout=JOB_S)
    assert again.returncode == 2
    assert err.startswith("parley: the job was not taken: ") and "already exists" in err, err
    assert err.count("\n") == 1
    stop.communicate(timeout=JOB_S)
    assert server.job("long")["status"] == "STOPPED"
    assert (stand_in / "note").read_text() == "saved", "five seconds after SIGTERM; Ray's own grace is three"
