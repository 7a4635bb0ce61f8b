"""`parley submit`: a run as a Ray job, on a cluster that has a job server.

Invariants
- What is wrong with the command or the config is said before anything is uploaded.
- Of this machine's environment the job gets what `--env` names and nothing else; values are never printed.
"""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import typer

from cluster import config as configuration
from cluster.config.sections import HOME, IN_JOB
from cluster.errors import UserError, nearest
from cluster.jobs.job_log import ClusterLost, follow
from cluster.jobs.job_server import DEFAULT_ADDRESS, connect, hand_in
from cluster.jobs.upload import checkout, inside

STOP_GRACE = {"RAY_JOB_STOP_WAIT_TIME_S": "300"}
"""From a stopped job's SIGTERM to its SIGKILL, in seconds. Ray's own 3 are too few to finish a step and a checkpoint."""
DETACHED = 130
"""128 + SIGINT, as shells have it: nobody follows any more."""


def submit(
    config: Path,
    overrides: Sequence[str] = (),
    *,
    address: str = DEFAULT_ADDRESS,
    working_dir: Path | None = None,
    name: str | None = None,
    env: Sequence[str] = (),
    flags: Sequence[str] = (),
    wait: bool = True,
) -> int:
    """Submit `parley train CONFIG OVERRIDES FLAGS` and follow it; the exit code of the run. Raises UserError."""
    variables = _variables(env)
    folder, path = (working_dir or checkout()).expanduser().absolute(), config.expanduser().absolute()
    command = ["python", "-m", "cluster", "train", inside(path, folder), *overrides, *flags]
    with _as_in_the_job(folder, variables):
        configuration.load(path, overrides, elsewhere=True)
    client = connect(address)
    job = hand_in(client, shlex.join(command), folder, STOP_GRACE | variables, name)
    stop, log = (f"ray job {verb} {job} --address {address}" for verb in ("stop", "logs --follow"))
    typer.echo(job)
    typer.echo(f"to stop it:   {stop}\nto follow it: {log}", err=True)
    try:
        return follow(client, job) if wait else 0
    except KeyboardInterrupt:
        typer.echo(f"\nparley: the job goes on; to stop it: {stop}", err=True)
        return DETACHED
    except ClusterLost as error:
        typer.echo(f"parley: the cluster is out of reach ({error}), the job may go on; to follow it: {log}", err=True)
        return 1


def _variables(env: Sequence[str]) -> dict[str, str]:
    """`KEY=VALUE` as it is given, `KEY` with the value of this process."""
    variables = {}
    for given in env:
        name, equals, value = given.partition("=")
        if not name.isidentifier():
            raise UserError(f"--env is {name!r}: it must be KEY=VALUE, or KEY to pass on the value it has here.")
        if not equals and name not in os.environ:
            close = nearest(name, os.environ)
            raise UserError(f"--env is {name}: it is not set here; {f'did you mean {close}?' if close else 'give KEY=VALUE.'}")
        variables[name] = value if equals else os.environ[name]
    return variables


@contextlib.contextmanager
def _as_in_the_job(folder: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """The working directory and the variables that decide what a config means, as the job will have them."""
    before = {name: os.environ.pop(name) for name in (HOME, IN_JOB) if name in os.environ}
    os.environ[IN_JOB] = "{}"
    if HOME in variables:
        os.environ[HOME] = variables[HOME]
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        for name in (HOME, IN_JOB):
            os.environ.pop(name, None)
        os.environ.update(before)
