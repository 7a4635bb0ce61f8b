"""Kill, freeze and corrupt every kind of part of one living run; each time it must go on, and the ledger must add up.

One algorithm takes all faults in turn. After each: the next optimizer step happens, no group is lost or counted twice,
and what the learner got was sampled by weights it may use. Seconds to the next step are printed, and measured properly in
tests/benchmarks.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import ray
from faults import Run, breaks_engine, kill
from small_run import small

from actors.rollout import Weights
from cluster.groups.collector import Broken, Stalled
from cluster.grpo_config import GRPOConfig
from cluster.start.parts import Models

SILENCE_S = 6.0
"""Long enough for a process that starts on a busy core, short enough to wait for."""
IMPATIENCE_S = 2.0
"""Deadline of a verdict. Below `SILENCE_S`: episodes give a frozen judge up several times before it is ended."""


@pytest.fixture(scope="module")
def run(models: tuple[Path, Models]) -> Iterator[Run]:
    """Asynchronous, which is the harder case: groups of the next step are under way while the learner steps."""
    root, prepared = models
    config = small(
        root,
        "faults",
        run={"root": str(root), "name": "faults", "iterations": 90, "silence_timeout_s": SILENCE_S}
        | {"stall_timeout_s": 100.0, "max_restores": 9},
        learner={"lr": 1.0e-4, "minibatches": 2, "ranks": 2, "step_timeout_s": 60.0},
        judges={"default": {"retry": {"deadline_s": IMPATIENCE_S}}},
        checkpoint={"every": 2, "keep": 2},
        monitor={"wandb": "disabled"},
    )
    config.rollout.max_staleness = 1
    algorithm = GRPOConfig().run(config, models=prepared).build_algo()
    living = Run(algorithm)
    for _ in range(3):
        living.advance()
    yield living
    algorithm.stop()


@pytest.mark.parametrize("name", ["rollout worker 0", "engine of 'user' 0", "judge 'default' 0"])
def test_a_killed_actor_costs_time_and_no_group(run: Run, name: str):
    before, pid = run.algorithm.restores, run.pid(name)
    print(f"{name} killed: {run.survive(kill(run, name)):.1f} s to the next step")
    assert run.algorithm.restores == before, "its work was done again without going back"
    assert run.pid(name) != pid, "the fault hit"


def test_a_killed_rank_takes_the_run_back_to_its_checkpoint(run: Run):
    before = run.algorithm.restores
    seconds = run.survive(kill(run, "learner 'agent' rank 1"), during=False)
    print(f"rank killed: {seconds:.1f} s to the next step")
    assert run.algorithm.restores == before + 1
    assert any("rank 1 died" in sentence and "back to the last checkpoint" in sentence for sentence in run.said)


@pytest.mark.parametrize("name", ["judge 'default' 0", "engine of 'user' 0"])
def test_a_frozen_actor_is_named_ended_and_replaced(run: Run, name: str):
    silenced = run.algorithm.observer.health.silenced
    seconds = run.survive(kill(run, name, signal.SIGSTOP))
    print(f"{name} frozen: {seconds:.1f} s to the next step")
    assert run.algorithm.observer.health.silenced == silenced + 1
    assert f"{name} did not answer for {SILENCE_S:g} s and was ended" in run.said


def test_a_frozen_rank_is_named_ended_and_the_run_goes_back(run: Run):
    before = run.algorithm.restores
    seconds = run.survive(kill(run, "learner 'agent' rank 0", signal.SIGSTOP), during=False)
    print(f"rank frozen: {seconds:.1f} s to the next step")
    assert run.algorithm.restores == before + 1
    assert f"learner 'agent' rank 0 did not answer for {SILENCE_S:g} s and was ended" in run.said


def test_an_exception_in_the_engine_thread_fails_its_groups_at_once(run: Run):
    handle = run.algorithm.parts.workers.handles[0]
    print(f"engine thread: {run.survive(lambda: ray.get(handle.__ray_call__.remote(breaks_engine()))):.1f} s to the next step")
    ledger = (run.algorithm.recorder.directory.path / "ledger.jsonl").read_text()
    assert "sabotaged" in ledger, "the cause is on record"


def test_an_engine_that_hangs_but_answers_pings_ends_the_run_with_its_name(run: Run):
    """Nobody is silent here, so nobody is ended: the collector's deadline falls, and the watchdog says who is to blame."""

    def hang(worker: Any) -> None:
        import time

        worker._engine._step = lambda: time.sleep(600)

    algorithm = run.algorithm
    algorithm.collector._patience = replace(algorithm.patience, stall_timeout_s=6.0)
    ray.get(algorithm.parts.workers.handles[0].__ray_call__.remote(hang))
    with pytest.raises(Stalled, match=r"no group came back within 6 s.*rollout worker 0: \d+ engine steps pending, none done"):
        for _ in range(2):  # the first step may still be made of what was played before
            algorithm.train()
    ray.kill(algorithm.parts.workers.handles[0], no_restart=False)
    algorithm.recover()
    run.survive(lambda: None)


def test_a_flipped_byte_in_published_weights_is_refused(run: Run):
    algorithm = run.algorithm
    published = ray.get(algorithm.learner_group.ranks["agent"].publish(algorithm.version))
    flat = published["flat"].copy()
    flat[1000] ^= 1
    algorithm.restores += 1
    algorithm.weights = {"agent": Weights(algorithm.version, [ray.put(published | {"flat": flat})], algorithm.restores)}
    algorithm.collector.abandon()
    state = algorithm.stream.state()
    algorithm._begin_stream()
    algorithm.stream.restore(state)
    with pytest.raises(Broken, match="ChecksumMismatch"):
        for _ in range(2):  # asynchronously the first step may still be made of what was played before
            algorithm.train()
    algorithm.recover()
    run.survive(lambda: None)


def test_it_was_asynchronous_all_along(run: Run):
    """Some groups of nearly every step were begun by the weights before."""
    directory = run.algorithm.recorder.directory
    behind = [row["rollout/staleness_max"] for row in directory.read_metrics()]
    assert max(behind) == 1.0 and sum(behind) > len(behind) / 2
