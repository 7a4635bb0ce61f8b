"""`parley eval`: a model on the held-out tasks, without a learner."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cluster.config import Config
from cluster.groups.collector import Patience
from cluster.groups.heldout import SAMPLED, Way, play_heldout
from cluster.jobs.runtime import cluster
from cluster.record.summary import episodes
from cluster.start.parts import CONSTANT, Parts
from cluster.start.prepare import prepare
from cluster.terminal.console import Console


def evaluate(config: Config) -> dict[str, Any]:
    """Score and success with intervals: sampled, greedy, and against the constant user where the config asks for them; of
    several gyms also gym by gym, and of the transfer gyms."""
    if config.sft:  # the model is measured as it is; only its user may still have to learn its part
        config = config.model_copy(update={"sft": config.sft.model_copy(update={"agent": None})})
    ways = {"sampled": SAMPLED}
    if config.eval.greedy:
        ways["greedy"] = Way(temperature=0.0)
    if config.eval.constant_user:
        ways["constant_user"] = Way(opponent=CONSTANT)
    with cluster(config), Console() as console:
        parts = Parts(config, prepare(config, console.progress))
        try:
            patience = Patience(config.run.stall_timeout_s)
            result: dict[str, Any] = {}
            for number, (name, way) in enumerate(ways.items(), start=1):
                table = play_heldout(parts.workers, config, {}, patience, way)
                result[name] = _outcome(table, config.run.seed)
                if len(config.gyms.train) > 1:
                    result[name]["gyms"] = _by_gym(table, config.run.seed)
                if config.gyms.transfer:
                    unseen = play_heldout(parts.workers, config, {}, patience, replace(way, transfer=True))
                    result[name]["transfer"] = _by_gym(unseen, config.run.seed)
                console.progress("evaluation", number, len(ways), {})
        finally:
            parts.close()
    return result


def _outcome(table: pa.Table, seed: int) -> dict[str, Any]:
    played = episodes(table)
    return {"score": played.score(seed), "success": played.success(seed), "masked": played.masked}


def _by_gym(table: pa.Table, seed: int) -> dict[str, Any]:
    gyms = sorted(set(table["gym"].to_pylist()))
    return {gym: _outcome(table.filter(pc.equal(table["gym"], gym)), seed) for gym in gyms}
