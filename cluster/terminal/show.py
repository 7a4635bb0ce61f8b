"""`parley show`: the conversations of a run for people, or as JSON lines.

Invariant: what a model or a user wrote reaches a terminal as text alone, without markup and control sequences
(`cluster.terminal.safe_text`); JSON is ASCII, with every other character escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text
from tokenizers import Tokenizer

from cluster.record.run_directory import RunDirectory
from cluster.terminal.episode_record import EpisodeRecord
from cluster.terminal.json_text import dumps
from cluster.terminal.safe_text import styled, styled_line
from cluster.terminal.selection import Filters, Selection, select
from cluster.terminal.token_view import find_tokenizer, token_view
from rewards.trajectory import OK

ROLES = {"system": "dim", "user": "cyan", "assistant": "green", "tool": "yellow"}


def show(run: Path, filters: Filters, *, tokens: bool = False, as_json: bool = False) -> None:
    """Print the conversations of a run that pass the filters. Raises UserError if there are none."""
    directory = RunDirectory.at(run)
    selection = select(directory, filters)
    if as_json:
        for line in json_lines(selection, tokens=tokens):
            print(line)
        return
    console = Console(markup=False, highlight=False, emoji=False)
    tokenizer_of = cache(partial(find_tokenizer, directory))
    for episode in selection.episodes:
        for part in conversation(selection, episode):
            console.print(part)
        for part in _token_views(episode, tokenizer_of) if tokens else ():
            console.print(part)


def json_lines(selection: Selection, *, tokens: bool) -> Iterator[str]:
    """One object per episode."""
    for episode in selection.episodes:
        data = {"phase": selection.phase, "iteration": selection.iteration} | episode.as_data(tokens=tokens)
        yield dumps(data)


def conversation(selection: Selection, episode: EpisodeRecord) -> Iterator[RenderableType]:
    """The header of an episode, why it failed if it did, and what was said."""
    yield from _header(selection, episode)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=9)
    grid.add_column(overflow="fold")
    for message, turn in episode.said():
        style = ROLES.get(message["role"], "")
        grid.add_row(styled_line(message["role"], style), styled(message["content"], style))
        if turn is not None:
            grid.add_row("", _turn(turn))
    yield grid


def _header(selection: Selection, episode: EpisodeRecord) -> Iterator[RenderableType]:
    row = episode.acting
    where = selection.phase if selection.iteration is None else f"{selection.phase} {selection.iteration}"
    yield Rule(styled_line(f"episode {row['episode_id']} of {where}", "bold"), align="left", characters="-")
    named = {name: row[f"{name}_id"] for name in ("group", "task")} | {n: row[n] for n in ("gym", "opponent", "split")}
    yield styled_line("  ".join(f"{name} {value}" for name, value in named.items()))
    score = "no score" if row["score"] is None else f"score {row['score']:.3f}"
    success = {True: "success", False: "no success", None: "success unknown"}[row["success"]]
    versions = ", ".join(map(str, episode.versions)) or "none"
    played = f"{row['ended'] or 'not ended'}  status {row['status']}  policy {row['policy'] or '-'}  versions {versions}"
    unpaid = "" if any(turn["advantage"] is not None for turn in episode.turns) else "  no advantages stored"
    yield styled_line(f"{score}  {success}  {played}{unpaid}")
    if person := episode.state.get("human"):
        rating = "no rating" if person["rating"] is None else f"rating {person['rating']} of 5"
        yield styled_line(f"a person as {person['seat']}  {rating}  {person['comment'] or ''}".rstrip())
    if row["status"] != OK:
        yield styled_line(episode.state.get("error", "the cause is not known"), "red")


def _turn(turn: dict[str, Any]) -> Text:
    rewards = [f"{reward['name']} {reward['value']:+.3g} ({reward['source']})" for reward in turn["rewards"]]
    advantage = [] if turn["advantage"] is None else [f"advantage {turn['advantage']:+.3f}"]
    return styled_line("  ".join([f"turn {turn['turn']}", *rewards, f"finish {turn['finish']}", *advantage]), "magenta")


def _token_views(episode: EpisodeRecord, tokenizer_of: Callable[[str], Tokenizer | None]) -> Iterator[RenderableType]:
    for row in episode.rows:
        counts = f"{len(row['tokens'])} tokens, {sum(turn >= 0 for turn in row['turn'])} trained"
        yield styled_line(f"tokens of {row['policy'] or '-'}, sequence {row['sequence']}: {counts}", "bold")
        if not row["tokens"]:
            continue
        tokenizer = tokenizer_of(row["policy"])
        if tokenizer is None:
            yield Text(
                "No tokenizer: neither a checkpoint of this policy nor the model folder of config.yaml is here.", "yellow"
            )
        yield token_view(row, tokenizer)
