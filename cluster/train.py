"""One run from beginning to end: evaluate, train, evaluate again, sum up."""

from __future__ import annotations

import shutil
import time
from typing import Any

from cluster import plots, summary
from cluster.algorithm import GRPO, GRPOConfig
from cluster.baselines import play_baselines
from cluster.config import Config
from cluster.console import Console
from cluster.parts import CONSTANT
from cluster.prepare import prepare
from cluster.run_directory import RunDirectory
from cluster.runtime import cluster
from cluster.summary import AFTER, BASELINE, BEFORE, CONSTANT_USER, GREEDY

SHOWN = {"reward/score": "score", "rollout/turns": "turns"}
"""Scalars beside the progress bar."""


def train(config: Config, *, overwrite: bool = False) -> dict[str, Any]:
    """Carry out a run and return its summary. Raises UserError before anything starts."""
    began = time.monotonic()
    RunDirectory(config.run.root, config.run.name).refuse_loss(overwrite)
    with cluster(config), Console() as console:
        models = prepare(config, console.progress)
        algorithm = GRPOConfig().run(config, overwrite=overwrite, models=models, began=began).build_algo()
        try:
            iterate(algorithm, config, console)
            directory = algorithm.recorder.directory
        except BaseException:
            algorithm.exit_code = 1
            raise
        finally:
            algorithm.stop()
    result = summary.recompute(directory.path)
    directory.write_summary(result)
    plots.draw(directory.path)
    console.summary(result)
    console.say(f"{directory.path}")
    return result


def iterate(algorithm: GRPO, config: Config, console: Console) -> None:
    _evaluate(algorithm, BEFORE, config, console)
    for iteration in range(1, config.run.iterations + 1):
        algorithm.train()
        note = {short: algorithm.latest[name] for name, short in SHOWN.items()}
        console.progress("GRPO agent", iteration, config.run.iterations, note)
        every = config.checkpoint.every
        if iteration == config.run.iterations or (every and iteration % every == 0):
            _checkpoint(algorithm, iteration, config.checkpoint.keep)
    _evaluate(algorithm, AFTER, config, console)
    if config.eval.constant_user:
        algorithm.heldout(CONSTANT_USER, opponent=CONSTANT)
    if config.eval.baselines:
        for name, table in play_baselines(config).items():
            algorithm.recorder.evaluation(table, f"{BASELINE}{name}", algorithm.version)
    algorithm.recorder.scalars(config.run.iterations, {})  # so that wall_s covers the evaluations


def _evaluate(algorithm: GRPO, phase: str, config: Config, console: Console) -> None:
    rounds = 1 + config.eval.greedy
    algorithm.heldout(phase)
    console.progress(phase, 1, rounds, {})
    if config.eval.greedy:
        algorithm.heldout(phase + GREEDY, temperature=0.0)
        console.progress(phase, 2, rounds, {})


def _checkpoint(algorithm: GRPO, iteration: int, keep: int) -> None:
    folder = algorithm.recorder.directory.checkpoints
    algorithm.save_to_path(str(folder / f"{iteration:06d}"))
    for old in sorted(path for path in folder.iterdir() if path.is_dir())[:-keep]:
        shutil.rmtree(old)
