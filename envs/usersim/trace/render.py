"""From a trace back to text: what teachers are written with, and the inverse of `parse`."""

from __future__ import annotations

from envs.usersim.schema.dynamic_profile import DynamicProfile
from envs.usersim.trace.full import render_full
from envs.usersim.trace.r1compat import render_r1compat
from envs.usersim.trace.rewrite import render_rewrite
from envs.usersim.trace.short import render_short
from envs.usersim.trace.trace import Profile, Trace


def render(trace: Trace, profile: Profile = "full", before: DynamicProfile | None = None) -> str:
    """The text of a trace. `r1compat` rewrites the profile `before` the turn, so it needs it.

    Raises ValueError for what a profile cannot say: line breaks in `short`, traps and ledgers in `r1compat`, a mere delta in
    `rewrite`.
    """
    if profile == "full":
        return render_full(trace)
    if profile == "short":
        return render_short(trace)
    if profile == "rewrite":
        return render_rewrite(trace)
    if before is None:
        raise ValueError("r1compat rewrites the profile before the turn, which is missing")
    return render_r1compat(trace, before)
