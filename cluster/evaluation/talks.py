"""The conversations that the page of an evaluation shows: the best and the worst of every gym."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from cluster.evaluation.store import KEY
from cluster.report.conversations import EACH, Chapter, Conversation, conversation
from cluster.terminal.episode_record import EpisodeRecord
from cluster.terminal.selection import COLUMNS
from rewards.trajectory import OK, split_by_gym


def chapters(episodes: pa.Table) -> list[Chapter]:
    """One for each gym in which some episode is in order."""
    fine = episodes.filter(pc.equal(episodes["status"], OK))
    return [Chapter(gym, list(_ends(own))) for gym, own in split_by_gym(fine).items()]


def _ends(table: pa.Table) -> Iterator[Conversation]:
    """Ties are broken by the order of the plan."""
    names = zip(*(table[name].to_pylist() for name in KEY), strict=True)
    rows: dict[tuple[object, ...], list[int]] = {}
    for place, name in enumerate(names):
        rows.setdefault(name, []).append(place)
    scores = table["score"].to_pylist()
    ranked = sorted(rows.values(), key=lambda places: -scores[places[0]])
    best = ranked[:EACH]
    worst = [places for places in reversed(ranked) if places not in best][:EACH]
    for end, chosen in (("best", best), ("worst", worst)):
        for places in chosen:
            yield conversation(end, EpisodeRecord(table.select(COLUMNS).take(places).to_pylist()))
