"""One rank of a policy's learner: holds a replica (ZeRO-0) or a part (ZeRO-1 to 3) and does as the plan says.

A plain class; `rank_group` runs it as a Ray actor. It must stay importable by name and free of decorators: Ray would
pickle a decorated class by value, with its module's globals, and `torch` among them cannot be pickled next to
DeepSpeed's `ops`.

Invariants
- `run` is collective: all ranks get the same table and the same updates. An update either changes the weights on all
  ranks or raises FloatingPointError on all ranks, before anything of it can be published.
- pi_old is the policy before the first update of the call. In that update it is the current policy itself; for later
  ones a no-gradient pass over their rows runs first.
- Of the start policy and of the one that the KL penalty pulls towards, each call makes one such pass, if it needs them;
  where they are the same, one in all.
"""

from __future__ import annotations

import math
import os
import socket
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import ray
import torch
import torch.distributed as dist
from numpy.typing import NDArray

from learner.adapters import merged, scale_of, without_adapters
from learner.batch import Batch
from learner.config import START, LearnerConfig
from learner.engine import Engine
from learner.folder import whole_folder
from learner.gather import whole
from learner.losses import LOSSES, LossName, penalised, total_loss
from learner.model import PolicyModel
from learner.packed import Packed
from learner.plan import Update
from learner.reference import Reference, divergence, require_same_vocabulary
from learner.score import Model, score
from learner.tally import Tally
from learner.weights import WeightSet, pack

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Rank:
    """Rank `rank` of `world` for one policy."""

    def __init__(self, policy: str, rank: int, world: int, config: LearnerConfig, seed: int) -> None:
        self.policy, self.rank, self.world, self.config = policy, rank, world, config
        self.device = torch.device("cuda" if config.gpus_per_rank else "cpu")
        self._timeout = timedelta(seconds=config.step_timeout_s)
        self._begun, self._done = 0, 0
        self._seed = seed
        torch.manual_seed(seed + rank)

    def listen(self) -> tuple[str, int]:
        """Rank 0: open the rendezvous on a port of this node that the system chose. Returns its address."""
        # Alone it needs nobody; torch's own socket would listen on every interface, and the store asks for no password.
        host = "127.0.0.1" if self.world == 1 else ray.util.get_node_ip_address()
        listener = socket.create_server((host, 0))
        self._store = self._rendezvous(host, listener.getsockname()[1], listener.detach())
        return host, self._store.port

    def start(self, model_path: str, address: tuple[str, int]) -> None:
        """Join the group and load the model. Collective.

        Raises OSError when there is no model at `model_path`, ValueError when that of `kl.to` has another vocabulary.
        """
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # of a few tensors, in the log of every rank
        if self.rank:
            self._store = self._rendezvous(*address)
        backend = "nccl" if self.device.type == "cuda" else "gloo"
        dist.init_process_group(backend, store=self._store, rank=self.rank, world_size=self.world, timeout=self._timeout)
        self._model_path = model_path
        self._engine = Engine(PolicyModel.of(model_path, self.config, self._seed), self.config, self.device)
        origin: Model = self._unadapted if self.config.lora else Reference(model_path, self.device).logprobs
        self._origin = self._anchor = origin
        if self.config.kl.to != START:
            require_same_vocabulary(model_path, self.config.kl.to)
            self._anchor = Reference(self.config.kl.to, self.device).logprobs

    def _rendezvous(self, host: str, port: int, listener: int | None = None) -> Any:
        """`listener`: the descriptor of rank 0's socket, which the store owns from now on."""
        return dist.TCPStore(  # type: ignore[attr-defined]
            host,
            port,
            self.world,
            is_master=self.rank == 0,
            timeout=self._timeout,
            wait_for_workers=False,
            master_listen_fd=listener,
        )

    def run(
        self,
        table: pa.Table,
        updates: Sequence[Update],
        loss: LossName,
        temperature: float = 1.0,
        train: bool = True,
        measure_kl: bool = False,
    ) -> list[dict[str, float]]:
        """Do the updates in order; the metrics of each, equal on all ranks but for `seconds`. Collective.

        `train=False` computes the metrics and changes nothing. `measure_kl` adds the divergence of pi_old from the start
        policy, for one more pass without gradient. Raises FloatingPointError when a loss or a gradient is not finite: a
        non-finite gradient has then changed no weight.
        """
        self._begun = self._done + sum(len(update.micro_batches[self.rank]) for update in updates)
        batch = Batch(table, loss, self.device)
        if train and LOSSES[loss].NEEDS_OLD and len(updates) > 1:
            batch.old = self._score(self._policy, batch, self._rows(updates[1:]), temperature)
        # Before the first update, so that no graph is alive while another model computes.
        start = self._references(batch, updates, loss, temperature, measure_kl)
        return [self._update(batch, update, number, loss, temperature, train, start) for number, update in enumerate(updates)]

    def _references(
        self, batch: Batch, updates: Sequence[Update], loss: LossName, temperature: float, measure_kl: bool
    ) -> NDArray[np.float32] | None:
        """Fill the batch's `anchor` where there is a penalty. Returns the logprobs of the start policy, if they are known."""
        rows, pulled = self._rows(updates), penalised(loss, self.config)
        if pulled:
            batch.anchor = self._score(self._anchor, batch, rows, temperature)
        if pulled and self._anchor is self._origin:
            return batch.anchor
        return self._score(self._origin, batch, rows, temperature) if measure_kl else None

    def _rows(self, updates: Sequence[Update]) -> list[int]:
        """The rows of this rank's micro-batches."""
        return sorted({row for update in updates for micro in update.micro_batches[self.rank] for row in micro.rows})

    def _update(
        self,
        batch: Batch,
        update: Update,
        number: int,
        loss: LossName,
        temperature: float,
        train: bool,
        start: NDArray[np.float32] | None,
    ) -> dict[str, float]:
        began = time.perf_counter()
        tally = Tally()
        micros = update.micro_batches[self.rank]
        for index, micro in enumerate(micros):
            packed, where = batch.pack(micro.rows)
            with torch.set_grad_enabled(train):
                logprobs, entropy = self._engine(packed, temperature)
                inputs = batch.loss_inputs(micro, where, logprobs, first=number == 0)
                outputs = total_loss(loss, inputs, self.config)
            if train:
                self._engine.accumulate(outputs.loss, update.denominator, is_last=index == len(micros) - 1)
            far = {} if start is None else divergence(inputs.old, torch.from_numpy(start[where]).to(self.device))
            tally.add(outputs, entropy, far, filler=not any(micro.weights))
            self._done += 1
        metrics = tally.reduce(update.denominator)
        if train:
            metrics |= {"grad_norm": self._engine.step(update.lr), "lr": update.lr}
        for name in ("loss", "grad_norm"):
            if not math.isfinite(metrics.get(name, 0.0)):
                raise FloatingPointError(f"{name} is {metrics[name]} in update {number} of policy {self.policy}")
        return metrics | {"seconds": time.perf_counter() - began}

    def logprobs(self, table: pa.Table, temperature: float = 1.0) -> list[list[float | None]]:
        """What the current policy gives the sampled tokens, in the form of the table's `logprobs` column.

        Rows are divided over the ranks; each returns all rows, with empty lists for those of others. Collective.
        """
        batch = Batch(table, "grpo", self.device)
        rows = range(self.rank, batch.sequences.rows, self.world)
        scored = self._score(self._policy, batch, list(rows), temperature)
        offsets = batch.sequences.offsets
        answer: list[list[float | None]] = [[] for _ in range(batch.sequences.rows)]
        for row in rows:
            values = scored[offsets[row] : offsets[row + 1]]
            answer[row] = [None if np.isnan(value) else float(value) for value in values]
        return answer

    def _score(self, model: Model, batch: Batch, rows: Sequence[int], temperature: float) -> NDArray[np.float32]:
        return score(model, batch, rows, temperature, self.config.tokens_per_micro_batch)

    def _policy(self, packed: Packed, temperature: float) -> torch.Tensor:
        """The current policy's logprobs. Collective under ZeRO-3."""
        logprobs: torch.Tensor = self._engine(packed, temperature)[0]
        return logprobs

    def _unadapted(self, packed: Packed, temperature: float) -> torch.Tensor:
        """The start policy, where it lies under the adapters: no second copy is needed."""
        with without_adapters(self._lm()):
            return self._policy(packed, temperature)

    def ping(self) -> dict[str, Any]:
        """What this rank does, for the watchdog. Answered by a thread of its own, also in the middle of a step."""
        return {
            "pid": os.getpid(),
            "pending": {"micro-batches": self._begun - self._done},
            "done": {"micro-batches": self._done},
        }

    def publish(self, version: int) -> tuple[WeightSet | None, int]:
        """(the learned weights, their version): two values, so that the caller can await the second and leave the first.

        Rank 0 has them, the others None. Collective under ZeRO-3.
        """
        lora = self.config.lora
        learned = [(name, parameter) for name, parameter in self._lm().named_parameters() if parameter.requires_grad]
        if self.rank:
            _run_through(whole(learned))
            return None, version
        return pack(learned, version, scale_of(lora) if lora else None), version

    def save(self, directory: str) -> None:
        """Write this rank's share of the learner's state into an existing or new folder. Collective."""
        Path(directory).mkdir(parents=True, exist_ok=True)
        self._engine.save(Path(directory))

    def load(self, directory: str) -> None:
        """Continue from `save` bit for bit. Trusted input: it is unpickled. Raises FileNotFoundError. Collective."""
        self._engine.load(Path(directory))

    def export(self, directory: str, version: int) -> None:
        """Rank 0 writes safetensors, tokenizer and a file `version` to a new folder, complete or not at all; adapters are
        merged into the weights. Collective under ZeRO-3. Raises FileExistsError.
        """
        from huggingface_hub import save_torch_state_dict
        from transformers import AutoTokenizer

        if self.rank:
            _run_through(whole(self._lm().named_parameters()))
            return
        with whole_folder(directory) as scratch:
            state = {name: tensor.cpu().clone() for name, tensor in whole(self._lm().named_parameters())}
            if self.config.lora:
                state = merged(state, scale_of(self.config.lora))
            save_torch_state_dict(state, scratch)
            self._lm().config.save_pretrained(scratch)
            AutoTokenizer.from_pretrained(self._model_path, local_files_only=True).save_pretrained(scratch)
            (scratch / "version").write_text(f"{version}\n")

    def _lm(self) -> PreTrainedModel:
        module = self._engine.module
        assert isinstance(module, PolicyModel)
        return module.lm


def _run_through(items: Iterable[object]) -> None:
    for _ in items:
        continue
