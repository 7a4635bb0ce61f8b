"""An OpenAI-compatible server on loopback: real HTTP, and as unreliable as a test wants it to be."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What the server does with one request. `hang`: it never answers. `drop`: it closes the connection."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    drop: bool = False


def said(text: str | None, *, finish: str = "stop", prompt_tokens: int = 100, completion_tokens: int = 10) -> Answer:
    """A chat completion."""
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens}
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return Answer(body=json.dumps({"object": "chat.completion", "choices": [choice], "usage": usage}))


def failed(status: int, message: str, code: str | None = None, **headers: str) -> Answer:
    return Answer(status, json.dumps({"error": {"message": message, "code": code}}), headers)


HANGS = Answer(hang=True)
DROPS = Answer(drop=True)


class Loopback:
    """`answers` are given one after the other, the last one again and again; a callable decides by the request's body."""

    def __init__(self, url: str, answers: list[Answer] | Callable[[dict[str, Any]], Answer]) -> None:
        self.url = url
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.answers = answers
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    def answer(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Answer:
        if path != "/v1/chat/completions":
            return failed(404, f"there is no {path}")
        with self.lock:
            self.bodies.append(body)
            self.headers.append(headers)
            self.times.append(time.monotonic())
            if callable(self.answers):
                return self.answers(body)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def serving(answers: list[Answer] | Callable[[dict[str, Any]], Answer]) -> Iterator[Loopback]:
    """A server that ends with the block; hanging requests are let go then."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            with server.lock:
                server.at_once += 1
                server.most_at_once = max(server.most_at_once, server.at_once)
            try:
                length = int(self.headers["Content-Length"])
                if len(sent := self.rfile.read(length)) < length:
                    raise ConnectionResetError("the client hung up in the middle of its request")
                body = json.loads(sent)
                self._reply(server.answer(self.path, dict(self.headers), body))
            finally:
                with server.lock:
                    server.at_once -= 1

        def _reply(self, answer: Answer) -> None:
            if answer.hang or answer.drop:
                if answer.hang:
                    over.wait()
                self.close_connection = True
                return
            data = answer.body.encode()
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(data))}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that is interrupted hangs up. Printing that in a thread may break what pytest compiles meanwhile."""
            if not isinstance(sys.exception(), ConnectionError):
                super().handle_error(request, client_address)

    http = Server(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server = Loopback(f"http://127.0.0.1:{http.server_address[1]}/v1", answers)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        over.set()
        http.shutdown()
        http.server_close()
        thread.join()
