"""`parley eval`: a model on the held-out tasks, without a learner."""

from __future__ import annotations

from typing import Any

from cluster.config import Config
from cluster.groups.collector import Patience
from cluster.groups.heldout import play_heldout
from cluster.jobs.runtime import cluster
from cluster.record.summary import episodes
from cluster.start.parts import CONSTANT, Parts
from cluster.start.prepare import prepare
from cluster.terminal.console import Console


def evaluate(config: Config) -> dict[str, Any]:
    """Score and success with intervals: sampled, greedy, and against the constant user where the config asks for them."""
    if config.sft:  # the model is measured as it is; only its user may still have to learn its part
        config = config.model_copy(update={"sft": config.sft.model_copy(update={"agent": None})})
    ways: dict[str, dict[str, Any]] = {"sampled": {}}
    if config.eval.greedy:
        ways["greedy"] = {"temperature": 0.0}
    if config.eval.constant_user:
        ways["constant_user"] = {"opponent": CONSTANT}
    with cluster(config), Console() as console:
        parts = Parts(config, prepare(config, console.progress))
        try:
            patience = Patience(config.run.stall_timeout_s)
            result = {}
            for number, (name, way) in enumerate(ways.items(), start=1):
                played = episodes(play_heldout(parts.workers, config, {}, patience, **way))
                seed = config.run.seed
                result[name] = {"score": played.score(seed), "success": played.success(seed), "masked": played.masked}
                console.progress("evaluation", number, len(ways), {})
        finally:
            parts.close()
    return result
