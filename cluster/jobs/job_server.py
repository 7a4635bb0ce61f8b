"""The job server of a Ray cluster, reached with one sentence for everything that can be wrong with that."""

from __future__ import annotations

import contextlib
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cluster.errors import UserError

DEFAULT_ADDRESS = "http://127.0.0.1:8265"
"""Where `ray start --head` has its dashboard, and with it the job server."""
ADDRESS = "RAY_API_SERVER_ADDRESS"
"""Environment variable that Ray's client prefers to any address it is given."""
CHATTY = ("ray", "ray.dashboard.modules.dashboard_sdk", "ray.dashboard.modules.job.sdk")
"""Loggers of Ray's client that tell every file it looks at."""
REACH_TIMEOUT_S = 10.0
"""For the first answer; Ray's own client would wait for minutes."""


def connect(address: str) -> Any:
    """A `JobSubmissionClient` of the server at this URL. Raises UserError."""
    from ray.exceptions import AuthenticationError
    from ray.job_submission import JobSubmissionClient

    if not address.startswith(("http://", "https://")):
        raise UserError(f"--address is {address!r}: it must be the URL of the dashboard, such as {DEFAULT_ADDRESS}.")
    os.environ[ADDRESS] = address
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with contextlib.suppress(urllib.error.HTTPError):  # whoever refuses is there
            urllib.request.urlopen(f"{address}/api/version", timeout=REACH_TIMEOUT_S).close()
        return JobSubmissionClient(address)
    except AuthenticationError:
        raise UserError(
            f"--address is {address}: that cluster wants its token; set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN or "
            f"RAY_AUTH_TOKEN_PATH."
        ) from None
    except (OSError, RuntimeError, ValueError) as error:
        raise UserError(f"--address is {address}: no Ray job server answers there ({_last_line(error)}).") from None


def hand_in(client: Any, entrypoint: str, folder: Path, variables: Mapping[str, str], job: str | None) -> str:
    """Upload the folder and submit the job; its id. Raises UserError, e.g. for an id that is taken or too large a folder."""
    try:
        taken: str = client.submit_job(
            entrypoint=entrypoint,
            submission_id=job,
            runtime_env={"working_dir": str(folder), "env_vars": dict(variables)},
        )
    except (OSError, RuntimeError, ValueError) as error:
        raise UserError(f"the job was not taken: {_last_line(error)}.") from None
    return taken


def _last_line(error: Exception) -> str:
    """Where a traceback that the server sends says what is wrong; Ray ends it with a full stop on a line of its own."""
    lines = [stripped for line in str(error).splitlines() if (stripped := line.strip(" ."))]
    return lines[-1] if lines else type(error).__name__
