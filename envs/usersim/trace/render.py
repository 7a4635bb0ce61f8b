"""From a trace back to text: what teachers are written with, and the inverse of `parse`."""

from __future__ import annotations

import json
from dataclasses import asdict

from envs.usersim.schema.delta import Delta
from envs.usersim.trace.grammar import NO_TRAP
from envs.usersim.trace.trace import Profile, Trace


def render(trace: Trace, profile: Profile = "full") -> str:
    """The text of a trace."""
    said = trace.thoughts
    return "\n".join(
        [
            "<think>",
            f'<intent act="{trace.intent_act}" trap="{",".join(trace.trap_ids) or NO_TRAP}">{said.intent}</intent>',
            f'<concerns touched="{",".join(trace.touched)}" new="{trace.new_count}">{said.concerns}</concerns>',
            f'<plan move="{trace.move}">{said.plan}</plan>',
            f"<update>{said.update}</update>",
            f"<tone>{said.tone}</tone>",
            "</think>",
            f"<state>{state_json(trace.delta)}</state>",
            f"<answer>{trace.answer}</answer>",
        ]
    )


def state_json(delta: Delta) -> str:
    """The JSON of `<state>`, on one line."""
    return json.dumps(asdict(delta), ensure_ascii=False, separators=(",", ":"))
