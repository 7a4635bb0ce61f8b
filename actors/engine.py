"""A stateless token service around vLLM, stepped inside this process.

Invariants
- Every request is seeded; with chunked prefill off, what it samples does not depend on its neighbours in the batch.
- Weights change only between two engine steps. Each token records the version that sampled it.
- The prefix cache is keyed by `policy@version`, so nothing is ever reset: running requests keep their KV, new ones
  never read KV of other weights.
- One engine per process: vLLM keeps its parallel state in globals, and a second engine would corrupt the first.
- An exception inside the engine fails every waiting and every later call with its cause; nothing hangs.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import queue
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from actors.config import EngineConfig
from actors.environment import ENVIRONMENT
from actors.llvmlite_guard import hide_library
from actors.weights import Published, verify


class EngineDead(RuntimeError):
    """The engine failed; the message carries the cause. It cannot be used again."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How one request is sampled. `temperature` 0 is greedy."""

    temperature: float
    max_tokens: int
    seed: int
    stop: tuple[int, ...]
    """Token ids that end the turn; the one sampled is part of the completion."""
    schema: str | None = None
    """JSON schema, as JSON text, that the completion is held to; None: free text."""
    choices: tuple[str, ...] = ()
    """Texts that the completion is held to be one of; empty: free text. Its logprobs are then those among what was allowed."""


@dataclass(frozen=True, slots=True)
class Completion:
    """Sampled tokens with, for each, its logprob after temperature and the weights version that sampled it."""

    tokens: list[int]
    logprobs: list[float]
    versions: list[int]
    finish: Literal["stop", "length"]


class Engine:
    """One vLLM engine with the weights of one policy."""

    living = False
    """Whether this process has one."""

    def __init__(
        self, policy: str, model: str, config: EngineConfig, *, max_context: int, max_sequences: int, version: int = 0
    ) -> None:
        if Engine.living:
            raise RuntimeError("this process has an engine already; give every engine a process of its own")
        Engine.living = True
        self.policy = policy
        self.version = version
        self.max_context = max_context
        self._engine = _build(model, config, max_context, max_sequences)
        self._engine.engine_core.set_weight_version(str(version))
        self._ids = itertools.count()
        self._commands: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._waiting: dict[str, Future[Completion]] = {}
        self._cause: BaseException | None = None
        self._loads = 0
        self._steps, self._tokens, self._busy_s = 0, 0, 0.0
        self._thread = threading.Thread(target=self._run, name=f"engine-{policy}", daemon=True)
        self._thread.start()

    async def generate(self, policy: str, ids: list[int], sampling: Sampling, min_version: int = 0) -> Completion:
        """Sample one completion after `ids`.

        Raises ValueError on a request that can never be served (wrong policy, prompt without room, weights older than
        `min_version`), EngineDead when the engine fails.
        """
        if policy != self.policy:
            raise ValueError(f"this engine holds policy {self.policy!r}, asked for {policy!r}")
        if self.version < min_version:
            raise ValueError(f"engine of {policy!r} has weights version {self.version}, asked for at least {min_version}")
        if not ids or len(ids) + sampling.max_tokens > self.max_context:
            raise ValueError(f"{len(ids)} prompt + {sampling.max_tokens} new tokens do not fit max_context {self.max_context}")
        name = f"r{next(self._ids)}"
        done: Future[Completion] = Future()
        await self._call(lambda: self._add(name, ids, sampling, done))
        try:
            return await asyncio.wrap_future(done)
        except asyncio.CancelledError:
            self._commands.put((lambda: self._abort(name), Future()))
            raise

    async def load(self, published: Published) -> None:
        """Verify, then load weights between two steps, also while requests run. Raises ChecksumMismatch."""
        verify(published)

        def swap() -> None:
            try:
                self._engine.collective_rpc("load_published", args=(published,))
            except Exception as error:  # the weights may be half new: nothing may be sampled from them
                raise EngineDead(f"loading weights version {published['version']} failed: {error!r}") from error
            self.version = published["version"]
            self._loads += 1
            self._engine.engine_core.set_weight_version(str(self.version))

        await self._call(swap)

    def vitals(self) -> dict[str, Any]:
        """What it does, for the watchdog and `parley status`: `busy_s` and `tokens` (of finished requests) since the start."""
        return {
            "pid": os.getpid(),
            "version": self.version,
            "pending": {"engine steps": len(self._waiting)},
            "done": {"engine steps": self._steps},
            "tokens": self._tokens,
            "busy_s": self._busy_s,
        }

    @property
    def dead(self) -> bool:
        """Whether the engine has failed or was closed."""
        return self._cause is not None

    def close(self, timeout_s: float = 10.0) -> None:
        """Stop the engine thread and free the engine. Waiting calls fail with EngineDead."""
        self._commands.put(None)
        self._thread.join(timeout_s)
        Engine.living = False

    async def _call(self, function: Callable[[], Any]) -> Any:
        """Run a function on the engine thread between two steps."""
        if self._cause is not None:
            raise EngineDead(f"engine of {self.policy!r} died: {self._cause!r}") from self._cause
        done: Future[Any] = Future()
        self._commands.put((function, done))
        if self._cause is not None:  # it died between the check and the put: nobody would answer
            self._fail_all(self._cause)
        return await asyncio.wrap_future(done)

    # ---- engine thread

    def _run(self) -> None:
        try:
            while self._obey():
                if self._engine.has_unfinished_requests():
                    self._step()
            raise EngineDead("closed")
        except BaseException as cause:
            self._cause = cause
            self._fail_all(cause)
            self._engine = None

    def _obey(self) -> bool:
        """Carry out all queued commands, waiting for one when idle. False when asked to stop."""
        block = not self._engine.has_unfinished_requests()
        while True:
            try:
                command = self._commands.get(block=block)
            except queue.Empty:
                return True
            if command is None:
                return False
            block = False
            function, done = command
            if done.cancelled():
                continue
            try:
                _answer(done, function())
            except EngineDead as error:
                _answer(done, error)
                raise
            except Exception as error:  # belongs to the caller, not to the engine
                _answer(done, error)

    def _add(self, name: str, ids: list[int], sampling: Sampling, done: Future[Completion]) -> None:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        params = SamplingParams(
            temperature=sampling.temperature,
            max_tokens=sampling.max_tokens,
            seed=sampling.seed,
            stop_token_ids=list(sampling.stop),
            logprobs=0,
            detokenize=False,
            output_kind=RequestOutputKind.FINAL_ONLY,
            structured_outputs=_held(sampling),
        )
        # With the count of loads: after a restore another set of weights may carry a version that was seen before.
        prompt = {"prompt_token_ids": ids, "cache_salt": f"{self.policy}@{self.version}#{self._loads}"}
        self._engine.add_request(name, prompt, params)
        self._waiting[name] = done

    def _abort(self, name: str) -> None:
        if self._waiting.pop(name, None) is not None:
            self._engine.abort_request([name])

    def _step(self) -> None:
        began = time.perf_counter()
        outputs = self._engine.step()
        self._busy_s += time.perf_counter() - began
        self._steps += 1
        for output in outputs:
            if output.finished and output.request_id in self._waiting:
                self._tokens += len(output.outputs[0].token_ids)
                _answer(self._waiting[output.request_id], _completion(output.outputs[0]))
                del self._waiting[output.request_id]  # only now: until answered, a failure must find it here

    def _fail_all(self, cause: BaseException) -> None:
        error = EngineDead(f"engine of {self.policy!r} died: {cause!r}")
        error.__cause__ = cause
        pending: list[Future[Any]] = list(self._waiting.values())
        self._waiting.clear()
        while True:
            try:
                command = self._commands.get_nowait()
            except queue.Empty:
                break
            if command is not None:
                pending.append(command[1])
        for done in pending:
            _answer(done, error)


def _answer(done: Future[Any], outcome: Any) -> None:
    """Settle a future that its caller may have cancelled, and the other thread settled, a moment ago."""
    with contextlib.suppress(InvalidStateError):
        if isinstance(outcome, BaseException):
            done.set_exception(outcome)
        else:
            done.set_result(outcome)


def _held(sampling: Sampling) -> Any:
    """vLLM's name for what a completion is held to; None: nothing."""
    from vllm.sampling_params import StructuredOutputsParams

    if sampling.choices:
        return StructuredOutputsParams(choice=list(sampling.choices))
    return StructuredOutputsParams(json=sampling.schema) if sampling.schema is not None else None


def _completion(output: Any) -> Completion:
    tokens = list(output.token_ids)
    logprobs = [entry[token].logprob for entry, token in zip(output.logprobs, tokens, strict=True)]
    versions = [0] * len(tokens)
    for span in output.weight_versions:
        versions[span.start : span.end] = [int(span.version)] * (span.end - span.start)
    return Completion(tokens, logprobs, versions, "length" if output.finish_reason == "length" else "stop")


def _build(model: str, config: EngineConfig, max_context: int, max_sequences: int) -> Any:
    for key, value in ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    logging.getLogger("vllm").setLevel(logging.ERROR)
    hide_library()
    from vllm import EngineArgs
    from vllm.v1.engine.llm_engine import LLMEngine

    arguments = EngineArgs(
        model=model,
        dtype=config.dtype,
        tensor_parallel_size=config.tensor_parallel,
        max_model_len=max_context,
        max_num_seqs=max_sequences,
        # A seeded request whose prefill is split crashes vLLM 0.32 on CPU: let every prefill fit one step.
        enable_chunked_prefill=False,
        max_num_batched_tokens=max(max_context, 8192),
        kv_cache_memory_bytes=config.kv_cache_mib << 20,
        block_size=32,
        enable_prefix_caching=True,
        enforce_eager=True,
        logprobs_mode="processed_logprobs",
        # Free whitespace is where an untrained model stays until its tokens are used up.
        structured_outputs_config={"backend": "xgrammar", "disable_any_whitespace": True},
        worker_extension_cls="actors.weights.WeightsExtension",
        disable_log_stats=True,
    )
    # vLLM leaves a rendezvous file in the temp folder: give it one that goes away with this block.
    with tempfile.TemporaryDirectory(prefix="parley-engine-") as folder:
        before, tempfile.tempdir = tempfile.tempdir, str(Path(folder))
        try:
            return LLMEngine.from_engine_args(arguments)
        finally:
            tempfile.tempdir = before
