"""One run from beginning to end: evaluate, train, evaluate again, sum up. Also the end of a run that does not get there:
a lost rank takes it back to its last checkpoint, a signal leaves a checkpoint, a failure leaves its cause."""

from __future__ import annotations

import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from actors.pool import PoolError
from cluster.algorithm import GRPO
from cluster.config import Config
from cluster.errors import EXIT_CODE, RunFailed, UserError
from cluster.groups import tasks
from cluster.groups.heldout import SAMPLED, Way
from cluster.groups.lineage import LedgerError
from cluster.grpo_config import GRPOConfig
from cluster.imitation import sources
from cluster.jobs.interruption import Interrupted, Interruption, heeding
from cluster.jobs.runtime import cluster
from cluster.observe.reporter import mark, marked
from cluster.record import summary
from cluster.record.baselines import play_baselines
from cluster.record.monitor import check_credentials
from cluster.record.run_directory import BEFORE, RunDirectory
from cluster.record.summary import AFTER, BASELINE, CONSTANT_USER, GREEDY, TRANSFER
from cluster.report import page, plots
from cluster.start import plan_text
from cluster.start.claim import claim
from cluster.start.parts import CONSTANT
from cluster.start.prepare import prepare
from cluster.terminal.console import Console
from learner.rank_group import LearnerError

SHOWN = {"reward/score": "score", "rollout/turns": "turns"}
"""Scalars beside the progress bar."""


def train(config: Config, *, overwrite: bool = False, resume: bool = False) -> dict[str, Any]:
    """Carry out a run and return its summary. Raises UserError before anything starts, Interrupted, RunFailed."""
    began = time.monotonic()
    check_credentials(config.monitor.wandb)
    sources.check_files(config)  # before an old run is removed
    tasks.check(config.gyms.train, config.gyms.tasks)
    with claim(config, overwrite=overwrite, resume=resume) as (directory, resuming), cluster(config), Console() as console:
        if not resuming:
            directory.create(overwrite)
        with _outcome(directory, config), Interruption() as interruption:
            for line in plan_text.lines(config):
                console.say(line)
            with marked(directory.path, config.run.name, config.run.iterations, "imitation" if config.sft else "starting"):
                models = prepare(config, heeding(console.progress, interruption.check))
            with marked(directory.path, config.run.name, config.run.iterations, "starting"):
                algorithm = GRPOConfig().run(config, directory=directory, models=models, began=began).build_algo()
            algorithm.heed, algorithm.say = interruption.check, console.say
            try:
                if resuming:
                    algorithm.resume()
                    console.say(f"resumed at iteration {algorithm.version}")
                iterate(algorithm, config, console)
            except Interrupted:
                algorithm.exit_code = 1
                algorithm.checkpoint()
                raise
            except BaseException:
                algorithm.exit_code = 1
                raise
            finally:
                algorithm.stop()
            result = summary.recompute(directory.path)
            directory.write_summary(result)
            plots.draw(directory.path)
            page.write(directory.path)
        console.summary(result)
        console.say(f"{directory.path}")
    return result


def iterate(algorithm: GRPO, config: Config, console: Console) -> None:
    """Whatever of the run is not done yet."""
    if algorithm.version == 0:
        _evaluate(algorithm, BEFORE, config, console)
    algorithm.evaluate_on_the_way()  # of a resumed run, that was interrupted just then
    while algorithm.version < config.run.iterations:
        advance(algorithm, config, console)
    _evaluate(algorithm, AFTER, config, console)
    for suffix, transfer in _scopes(config) if config.eval.baselines else ():
        for name, table in play_baselines(config, transfer=transfer).items():
            algorithm.recorder.evaluation(table, f"{BASELINE}{name}{suffix}", algorithm.version)
    algorithm.recorder.scalars(config.run.iterations, {})  # so that wall_s covers the evaluations


def advance(algorithm: GRPO, config: Config, console: Console) -> None:
    """One iteration, or after the loss of a rank a return to the last checkpoint. Raises LearnerError once
    `run.max_restores` are used up."""
    algorithm.observer.reporter.phase("training")
    try:
        algorithm.train()
        note = {short: algorithm.latest[name] for name, short in SHOWN.items()}
        console.progress(f"GRPO {config.acting}", algorithm.version, config.run.iterations, note)
        every = config.checkpoint.every
        if algorithm.version == config.run.iterations or (every and algorithm.version % every == 0):
            algorithm.checkpoint()
    except LearnerError as error:
        if algorithm.recoveries >= config.run.max_restores:
            raise
        console.say(f"{error}; back to the last checkpoint")
        algorithm.recover()


def _evaluate(algorithm: GRPO, phase: str, config: Config, console: Console) -> None:
    ways = {phase: SAMPLED}
    if config.eval.greedy:
        ways[phase + GREEDY] = Way(temperature=0.0)
    if config.eval.constant_user and phase == AFTER:
        ways[CONSTANT_USER] = Way(opponent=CONSTANT)
    scopes = _scopes(config)
    wanted = {name + suffix: replace(way, transfer=transfer) for suffix, transfer in scopes for name, way in ways.items()}
    done = algorithm.recorder.directory.phases()
    for number, (name, way) in enumerate(wanted.items(), start=1):
        if name not in done:
            algorithm.heldout(name, way)
        console.progress(phase, number, len(wanted), {})


def _scopes(config: Config) -> list[tuple[str, bool]]:
    """How phases end, and whether they are of gyms that are not trained on."""
    return [("", False), *([(TRANSFER, True)] if config.gyms.transfer else [])]


@contextmanager
def _outcome(directory: RunDirectory, config: Config) -> Iterator[None]:
    """Say in the status file how the run ended; what breaks it off comes out as one sentence, its traceback in a file."""
    name, iterations = config.run.name, config.run.iterations
    directory.failure.unlink(missing_ok=True)
    try:
        yield
    except (Interrupted, KeyboardInterrupt) as error:  # the second signal of the same kind gives no time for a checkpoint
        code = error.exit_code if isinstance(error, Interrupted) else Interrupted(signal.SIGINT).exit_code
        mark(directory.path, name, iterations, "interrupted", cause=str(error) or "interrupted at once", exit_code=code)
        raise
    except BaseException as error:
        code = EXIT_CODE if isinstance(error, UserError) else 1
        cause = str(error) or type(error).__name__
        mark(directory.path, name, iterations, "failed", cause=cause, exit_code=code)
        directory.failure.write_text(traceback.format_exc(), encoding="utf-8")
        if isinstance(error, LearnerError | PoolError | LedgerError | FloatingPointError):
            raise RunFailed(cause) from error
        raise
    mark(directory.path, name, iterations, "finished", exit_code=0)
