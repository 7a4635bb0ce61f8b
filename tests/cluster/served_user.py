"""A simulated user behind a server on loopback."""

from __future__ import annotations

import json

from envs.usersim.baselines import fixed
from envs.usersim.trace.render import render

ASKS = render(fixed())
"""A turn that is legal anywhere, in English."""


def behind(url: str, **retry: object) -> str:
    """The override by which WHO endpoint is behind a server."""
    agent = {"speaker": "endpoint", "endpoint": {"base_url": url, "model": "served"}, "retry": retry}
    return f"eval.agent={json.dumps(agent)}"
