"""As much of a W&B server, on loopback, as `wandb sync` needs: it keeps the history lines and the alerts it is sent."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class WandbServer(ThreadingHTTPServer):
    """One run, whatever its name."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.history: list[dict[str, Any]] = []
        self.alerts: list[str] = []

    def stream(self, files: dict[str, Any]) -> None:
        """Lines replace what the server has from their offset on: a sync that does not append overwrites."""
        lines = files.get("wandb-history.jsonl")
        if lines:
            self.history[lines["offset"] :] = [json.loads(line) for line in lines["content"]]

    def answer(self, operation: str, variables: dict[str, Any]) -> dict[str, Any]:
        project = {"id": "1", "name": "parley", "entity": {"id": "1", "name": "us"}}
        if operation == "UpsertBucket":
            bucket = {"id": "1", "name": variables["name"], "displayName": "n", "config": "{}", "project": project}
            return {"upsertBucket": {"bucket": bucket | {"historyLineCount": len(self.history)}, "inserted": not self.history}}
        if operation == "RunResumeStatus":
            tail = json.dumps([json.dumps(self.history[-1])]) if self.history else "[]"
            bucket = {"id": "1", "name": variables["name"], "displayName": "n", "config": "{}", "summaryMetrics": "{}"}
            bucket |= {"historyLineCount": len(self.history), "eventsLineCount": 0, "logLineCount": 0}
            bucket |= {"historyTail": tail, "eventsTail": "[]", "tags": [], "wandbConfig": '{"t": 1}'}
            return {"model": project | {"bucket": bucket if self.history else None}}
        if operation == "CreateRunFiles":
            files = [{"name": name, "uploadUrl": f"{self.url}/{name}"} for name in variables["files"]]
            return {"createRunFiles": {"runID": "1", "uploadHeaders": [], "files": files}}
        if operation == "NotifyScriptableRunAlert":
            self.alerts.append(variables["title"])
        return {}


class _Handler(BaseHTTPRequestHandler):
    server: WandbServer

    def log_message(self, format: str, *args: object) -> None:
        return

    def do_GET(self) -> None:
        self._reply({})

    def do_PUT(self) -> None:
        self._body()
        self._reply({})

    def do_POST(self) -> None:
        body = json.loads(self._body())
        if self.path.endswith("file_stream"):
            self.server.stream(body.get("files") or {})
            return self._reply({"limits": {}})
        operation = re.search(r"(?:query|mutation)\s+(\w+)", body.get("query", ""))
        answer = self.server.answer(operation[1] if operation else "", body.get("variables") or {})
        return self._reply({"data": answer})

    def _body(self) -> bytes:
        data = self.rfile.read(int(self.headers.get("content-length", 0)))
        return gzip.decompress(data) if self.headers.get("content-encoding") == "gzip" else data

    def _reply(self, answer: dict[str, Any]) -> None:
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def wandb_server() -> Iterator[WandbServer]:
    """Serving while the block runs."""
    server = WandbServer()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
