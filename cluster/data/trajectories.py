"""`parley data trajectories`: the conversations of a run as ShareGPT or OpenAI messages, JSON lines.

Invariants
- `cluster.imitation.conversation_file` reads the messages back as they were said; a call on the hermes wire stays in the words.
- An episode that failed, or in which the acting role says nothing, becomes no record; how many did is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import envs
from actors.transcript import ALL_CHOICES
from cluster.errors import UserError
from cluster.record.run_directory import RunDirectory
from cluster.record.whole_file import replace_file
from cluster.terminal.console import Console
from cluster.terminal.episode_record import EpisodeRecord
from cluster.terminal.json_text import dumps
from cluster.terminal.selection import Filters, NothingLeft, Selection, choose, how_many, select
from envs import registry
from envs.tool import tool_schema
from rewards.trajectory import OK

Form = Literal["sharegpt", "openai"]
Message = dict[str, str]
FROM = {"user": "human", "assistant": "gpt", "tool": "observation"}
"""Our role -> who speaks in ShareGPT."""
CALL = "<tool_call>"


@dataclass(slots=True)
class Counts:
    """What became of the episodes."""

    written: int = 0
    failed: int = 0
    """Judge, engine or user gave out."""
    silent: int = 0


def export(run: Path, filters: Filters, form: Form, out: Path) -> Counts:
    """Write the episodes that pass, of all iterations unless one is named; the file appears whole or not at all. Raises
    UserError if there are none."""
    counts = Counts()

    def write(aside: Path) -> None:
        with aside.open("w", encoding="ascii") as file, Console() as console:
            for selection in _selections(RunDirectory.at(run), filters, console):
                file.writelines(f"{dumps(made)}\n" for made in _records(selection, form, counts))
        if not counts.written:
            raise UserError(
                f"nothing to write: {counts.failed} episodes failed, in {counts.silent} the acting role says nothing."
            )

    try:
        replace_file(out, write)
    except OSError as error:
        raise UserError(f"--out {out} cannot be written: {error.strerror}.") from None
    return counts


def _selections(directory: RunDirectory, filters: Filters, console: Console) -> Iterator[Selection]:
    """Table by table. Raises NothingLeft if a filter leaves nothing in any of them."""
    phase, _ = choose(directory, filters)
    iterations = directory.iterations(phase) if filters.iteration is None else []
    if iterations[1:] and how_many(filters) is not None:
        raise UserError(
            f"a number of episodes is chosen within one iteration: add --iteration, one of {iterations[0]} to {iterations[-1]}."
        )
    found, nothing = 0, None
    for done, iteration in enumerate(iterations or [filters.iteration], start=1):
        try:
            yield select(directory, replace(filters, iteration=iteration), usual=None)
            found += 1
        except NothingLeft as error:
            nothing = error
        console.progress("iterations", done, len(iterations) or 1, {})
    if nothing is not None and not found:
        raise nothing


def _records(selection: Selection, form: Form, counts: Counts) -> Iterator[dict[str, Any]]:
    for episode in selection.episodes:
        if episode.acting["status"] != OK:
            counts.failed += 1
        elif not any(message["role"] == "assistant" for message in episode.messages):
            counts.silent += 1
        else:
            counts.written += 1
            yield _header(selection, episode) | (_sharegpt if form == "sharegpt" else _openai)(episode)


def _header(selection: Selection, episode: EpisodeRecord) -> dict[str, Any]:
    row = episode.acting
    table = selection.phase if selection.iteration is None else f"{selection.phase}-{selection.iteration}"
    told = {name: row[name] for name in ("task_id", "gym", "split", "opponent", "score", "success")}
    return {"id": f"{table}/{row['gym']}/{row['episode_id']}", **told}


def _openai(episode: EpisodeRecord) -> dict[str, Any]:
    return {"messages": [{"role": message["role"], "content": message["content"]} for message in episode.messages]}


def _sharegpt(episode: EpisodeRecord) -> dict[str, Any]:
    """The first message stands beside the others if it is the system's."""
    first, *rest = messages = episode.messages
    system, said = (first["content"], rest) if first["role"] == "system" else ("", messages)
    conversations = [{"from": FROM.get(message["role"], message["role"]), "value": message["content"]} for message in said]
    return {"conversations": conversations, "system": system, "tools": _tools(episode.acting["gym"], messages)}


def _tools(gym: str, messages: list[Message]) -> str:
    """The tool's schema as JSON, where the acting role calls it on the hermes wire."""
    if not any(CALL in message["content"] for message in messages if message["role"] == "assistant"):
        return ""
    choices = registry.entry(gym).gym.choices if gym in envs.gyms() else ALL_CHOICES
    return json.dumps([tool_schema(choices)])
