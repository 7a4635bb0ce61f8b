"""One DeepSpeed engine and the exact recipe that makes a step independent of how its rows are split.

    boundary(is_last); loss = local sum / GLOBAL denominator * ranks; backward(loss, scale_wrt_gas=False); ...; one
    step()

DeepSpeed averages gradients over ranks, hence the factor; it divides by its own accumulation count, hence the flag.
Equal to a single process to 1e-8 for any split with the same number of micro-batches on every rank.

Nothing is compiled at start-up: the optimizer is torch's AdamW (DeepSpeed's own would build for 37 s), also where its
state is offloaded, and the shared-memory collective is switched off (16 s; it serves inference only). DeepSpeed is
imported late because the driver imports this room.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from learner.config import LearnerConfig

_TAG = "zero"
_LARGEST_BUCKET = 50_000_000
"""Elements per gradient reduction. DeepSpeed allocates the whole bucket, 2 GB at its default."""


class Engine:
    """Forward, backward and step of one rank."""

    def __init__(self, model: torch.nn.Module, config: LearnerConfig, device: torch.device) -> None:
        """Join the default process group, which must exist. Parameters without gradient stay as they are. Collective."""
        import deepspeed

        deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
        deepspeed.init_distributed(dist_backend=dist.get_backend(), auto_mpi_discovery=False, verbose=False)
        if config.zero_stage < 3:  # the third stage moves and divides them by itself, tensor after tensor
            model = model.to(device)
        learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
        optimizer = torch.optim.AdamW(learned, lr=config.lr, betas=config.betas, weight_decay=config.weight_decay)
        self._zero = config.zero_stage > 0
        self._partial = config.lora is not None
        self._world = dist.get_world_size()
        settings = deepspeed_settings(config, sum(parameter.numel() for parameter in learned))
        self._engine, *_ = deepspeed.initialize(model=model, optimizer=optimizer, config=settings)

    def __call__(self, *args: Any) -> Any:
        return self._engine(*args)

    @property
    def module(self) -> torch.nn.Module:
        module: torch.nn.Module = self._engine.module
        return module

    def accumulate(self, local_sum: torch.Tensor, denominator: float, *, is_last: bool) -> None:
        """Add the gradient of one micro-batch; the last one reduces over ranks."""
        self._engine.set_gradient_accumulation_boundary(is_last)
        self._engine.backward(local_sum / denominator * self._world, scale_wrt_gas=False)

    def step(self, lr: float) -> float:
        """Apply the accumulated gradient and return its norm before clipping. A non-finite gradient changes no weight."""
        for group in self._engine.optimizer.param_groups:
            group["lr"] = lr
        if not self._zero:
            gradients = [p.grad for p in self.module.parameters() if p.grad is not None]
            norm = float(torch.nn.utils.get_total_norm(gradients))
            if not math.isfinite(norm):
                self._engine.zero_grad()
                return norm
            self._engine.step()
            return norm
        self._engine.step()  # skips by itself what is not finite, and reports inf
        return float(self._engine.get_global_grad_norm())

    def save(self, directory: Path) -> None:
        """Learned weights, optimizer shards and random state; frozen weights are read from the model again. Collective."""
        self._engine.save_checkpoint(str(directory), tag=_TAG, exclude_frozen_parameters=self._partial)
        torch.save(torch.get_rng_state(), directory / f"rng_{dist.get_rank()}.pt")

    def load(self, directory: Path) -> None:
        """The inverse of `save`, with the same number of ranks and ZeRO stage. Raises FileNotFoundError. Collective."""
        path, _ = self._engine.load_checkpoint(str(directory), tag=_TAG, load_module_strict=not self._partial)
        if path is None:
            raise FileNotFoundError(f"no learner state in {directory}")
        torch.set_rng_state(torch.load(directory / f"rng_{dist.get_rank()}.pt", weights_only=True))


def deepspeed_settings(config: LearnerConfig, learned: int) -> dict[str, Any]:
    """DeepSpeed's own configuration. `learned`: how many numbers are learned."""
    bucket = min(learned, _LARGEST_BUCKET)
    zero: dict[str, Any] = {"stage": config.zero_stage, "overlap_comm": False, "reduce_bucket_size": bucket}
    if config.offload != "none":
        zero["offload_optimizer"] = {"device": "cpu"}
    if config.offload == "all":
        zero["offload_param"] = {"device": "cpu"}
    settings: dict[str, Any] = {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": 1,
        "gradient_clipping": config.max_grad_norm,
        "steps_per_print": 1 << 40,
        "zero_optimization": zero,
        "zero_force_ds_cpu_optimizer": False,
    }
    if config.dtype == "bfloat16":
        settings |= {"bf16": {"enabled": True}, "data_types": {"grad_accum_dtype": "fp32"}}
    return settings
