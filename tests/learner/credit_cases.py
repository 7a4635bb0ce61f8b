"""Groups of trajectories as tables, and advantages read back by turn."""

from __future__ import annotations

import numpy as np
from learner_cases import row

from rewards.trajectory import Turn, to_table


def trajectory(episode: str, rewards: list[float], *, per_row: int = 2, signatures: list[str] | None = None, **columns):
    """Rows of `per_row` turns; every turn is two foreign tokens and one sampled."""
    labels = signatures or [""] * len(rewards)
    turns = [
        Turn(t, "stop", label, {"env": (r, "rule"), "seen": (99.0, "rule")})
        for t, (r, label) in enumerate(zip(rewards, labels, strict=True))
    ]
    rows = []
    for sequence, start in enumerate(range(0, len(turns), per_row)):
        own = turns[start : start + per_row]
        turn = [x for t in own for x in (-1, -1, t.turn)]
        rows.append(
            row(
                np.random.default_rng(0),
                len(turn),
                episode=episode,
                sequence=sequence,
                turn=turn,
                logprobs=[-1.0 if t >= 0 else None for t in turn],
                turns=own,
                advantage=None,
                **columns,
            )
        )
    return rows


def group(*trajectories):
    return to_table([r for rows in trajectories for r in rows])


def by_turn(table) -> dict[str, list[float]]:
    """Advantages of the sampled tokens, by episode; all others must be 0."""
    result: dict[str, list[float]] = {}
    for cell in table.select(["episode_id", "turn", "advantage"]).to_pylist():
        for turn, value in zip(cell["turn"], cell["advantage"], strict=True):
            if turn < 0:
                assert value == 0.0
            else:
                result.setdefault(cell["episode_id"], []).append(value)
    return result
