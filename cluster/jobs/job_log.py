"""Following a Ray job to its end: its log on stdout, then the exit code of its driver.

Invariants
- Every character of the log is printed once, also over a connection that breaks and comes back.
- The job is never touched: whoever stops following, or loses the cluster, leaves it running.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import typer

PATIENCE_S = 60.0
"""How long a cluster may be out of reach before it is given up."""
PAUSE_S = 1.0
"""Between two tries, and between looks at a job whose log has ended."""
BROKEN = (OSError, RuntimeError, ValueError)
"""What a connection that breaks raises: aiohttp's and requests' errors are OSErrors, Ray's own RuntimeErrors."""


class ClusterLost(Exception):
    """The cluster has been out of reach for `PATIENCE_S`."""


def follow(client: Any, job: str) -> int:
    """Print the log of `job` until it ends and return its exit code; 1 with the job's message if its driver left none.

    `client` is a `JobSubmissionClient`. Raises ClusterLost, and KeyboardInterrupt on Ctrl-C.
    """
    return _exit_code(asyncio.run(_end(client, job)), job)


async def _end(client: Any, job: str) -> Any:
    """What Ray knows of the job once it has ended and its log is printed."""
    printed, reached = 0, time.monotonic()
    while True:
        try:
            position = 0
            async for text in _chunks(client, job):
                position, reached = position + len(text), time.monotonic()
                if position > printed:  # a new connection begins with the first line again
                    typer.echo(text[-(position - printed) :], nl=False)
                    printed = position
            info = await asyncio.wait_for(asyncio.to_thread(client.get_job_info, job), PATIENCE_S)
            if info.status.is_terminal():
                # The stream may have ended first: what the driver wrote last is in the log, but came through no connection.
                whole = await asyncio.wait_for(asyncio.to_thread(client.get_job_logs, job), PATIENCE_S)
                typer.echo(whole[printed:], nl=False)
                return info
            reached = time.monotonic()
        except BROKEN as error:
            if time.monotonic() - reached > PATIENCE_S:
                raise ClusterLost(str(error)) from error
        await asyncio.sleep(PAUSE_S)


async def _chunks(client: Any, job: str) -> AsyncIterator[str]:
    """The log from its beginning. A connection that is silent for long may be dead, so it is given up; the caller asks how
    the job is, which fails if the cluster is gone, and connects anew."""
    stream = aiter(client.tail_job_logs(job))
    while True:
        try:
            yield await asyncio.wait_for(anext(stream), PATIENCE_S)
        except (StopAsyncIteration, TimeoutError):
            return


def _exit_code(info: Any, job: str) -> int:
    code: int | None = info.driver_exit_code
    if code is None:
        typer.echo(f"parley: job {job} {info.status.lower()}: {info.message}", err=True)
        return 1
    code = code if code >= 0 else 128 - code  # ended by a signal: as shells have it
    if code:
        typer.echo(f"parley: job {job} {info.status.lower()} with exit code {code}", err=True)
    return code
