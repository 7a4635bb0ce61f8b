"""Reading an offline W&B run back without a network: `run-*.wandb` is a leveldb log of protobuf records.

After a 7-byte header come 32 KiB blocks of chunks `[crc u32][length u16][kind u8][data]`; a record is one chunk (kind 1)
or a first, some middle and a last one (2, 3, 4). A torn tail, as a killed run leaves it, ends the reading.
"""

import json
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HEADER, BLOCK, CHUNK = 7, 32768, struct.Struct("<IHB")
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4


@dataclass
class WandbRun:
    """What was logged. `history` has one dict per `log` call, with nested keys as W&B keeps them."""

    folder: Path
    run_id: str = ""
    name: str = ""
    host: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[tuple[str, str, str]] = field(default_factory=list)
    """(level, title, text)"""
    exit_code: int | None = None

    def table(self, value: dict[str, Any]) -> dict[str, Any]:
        """The `{columns, data}` of a logged table, from the file its history value names."""
        return json.loads((self.folder / "files" / value["path"]).read_text())


def finished_run(wandb_dir: Path, timeout_s: float = 60.0) -> WandbRun:
    """The one offline run of a `WANDB_DIR`, finished."""
    (run,) = finished_runs(wandb_dir, timeout_s)
    return run


def finished_runs(wandb_dir: Path, timeout_s: float = 60.0) -> list[WandbRun]:
    """The offline runs in order, once they hold their exits: W&B's own process writes on for a moment after `finish`."""
    deadline = time.monotonic() + timeout_s
    while None in [run.exit_code for run in read_runs(wandb_dir)]:
        assert time.monotonic() < deadline, f"a run under {wandb_dir} has no exit after {timeout_s} s"
        time.sleep(0.1)
    return read_runs(wandb_dir)


def read_runs(wandb_dir: Path) -> list[WandbRun]:
    """What the offline runs under a `WANDB_DIR` hold so far; one folder for every process of a run."""
    return [_read(path) for path in sorted(wandb_dir.glob("wandb/offline-run-*/run-*.wandb"))]


def _read(path: Path) -> WandbRun:
    from wandb.proto.wandb_internal_pb2 import Record

    run = WandbRun(path.parent)
    for data in _records(path.read_bytes()):
        record = Record()
        record.ParseFromString(data)
        match record.WhichOneof("record_type"):
            case "history":
                run.history.append(_values(record.history.item))
            case "run":
                run.run_id, run.name, run.host = record.run.run_id, record.run.display_name, record.run.host
                run.config |= _values(record.run.config.update)
            case "config":
                run.config |= _values(record.config.update)
            case "alert":
                run.alerts.append((record.alert.level, record.alert.title, record.alert.text))
            case "exit":
                run.exit_code = record.exit.exit_code
    return run


def _records(data: bytes) -> Iterator[bytes]:
    if len(data) < HEADER:
        return  # not begun
    if data[:4] != b":W&B":
        raise ValueError(f"not a W&B log: it begins with {data[:4]!r}")
    at, parts = HEADER, b""
    while at + CHUNK.size <= len(data):
        room = BLOCK - at % BLOCK
        _, length, kind = CHUNK.unpack_from(data, at) if room >= CHUNK.size else (0, 0, 0)
        if kind == 0:  # padding up to the next block
            at += room
            continue
        chunk = data[at + CHUNK.size : at + CHUNK.size + length]
        if len(chunk) < length:
            return
        at += CHUNK.size + length
        parts = chunk if kind in (FULL, FIRST) else parts + chunk
        if kind in (FULL, LAST):
            yield parts


def _values(items: Any) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for item in items:
        *parents, last = list(item.nested_key) or [item.key]
        node = values
        for key in parents:
            node = node.setdefault(key, {})
        node[last] = json.loads(item.value_json)
    return values
