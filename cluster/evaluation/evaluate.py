"""One evaluation from beginning to end: play what is missing, keep it as it comes, measure, write the outputs.

Agents, users and judges that need no engine are played in this process; as soon as one needs an engine, or is a class of the
user's, by rollout workers on Ray.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pyarrow as pa

from actors.rollout import GroupRequest
from cluster.config import Config
from cluster.evaluation import kinship
from cluster.evaluation.local import play_here
from cluster.evaluation.orders import Order, orders
from cluster.evaluation.outcome import Outcome
from cluster.evaluation.outputs import write
from cluster.evaluation.setting import Setting
from cluster.evaluation.store import Store, opened
from cluster.evaluation.subject import Subject, named, subject
from cluster.groups.collector import Patience, shortfall
from cluster.groups.heldout import play, refuse_masked
from cluster.jobs.interruption import Interruption, heeding
from cluster.jobs.runtime import cluster
from cluster.start.parts import Models, Parts, evaluation_partners, plain_spec, worker_spec
from cluster.start.preflight import evaluation_parts
from cluster.start.prepare import prepare
from cluster.terminal.console import Console
from cluster.terminal.safe_text import safe_line

IN_PROCESS = ("rules", "endpoint")
"""Judges that need no actor."""
LONGEST_LABEL = 100
"""Characters of a folder's name; what a server calls its model may be anything."""
Arrived = Callable[[int, pa.Table], None]
Report = Literal["userrl"]


def evaluate(
    config: Config, who: Sequence[str], *, out: Path | None = None, resume: bool = False, report: Report | None = None
) -> Outcome:
    """Measure the agents that `who` names and write the outputs into `out` (None: under the root of runs).

    Raises UserError before anything is played, Interrupted, RunFailed; what was finished by then is kept for `resume`.
    """
    setting = Setting.of(config, named([subject(name, config) for name in who]))
    folder = out.expanduser().absolute() if out else default_folder(config, setting.subjects)
    warnings = kinship.warnings(setting)
    with opened(folder, setting.identity(), resume=resume) as store, Console() as console:
        for warning in warnings:
            console.say(f"warning: {safe_line(warning)}")
        episodes = played(setting, store, console)
        outcome = Outcome.of(setting, episodes, warnings, userrl=report == "userrl")
        write(outcome, episodes, store)
    return replace(outcome, folder=folder)


def played(setting: Setting, store: Store, console: Console) -> pa.Table:
    """The episodes of all subjects, in the order of the plan; what is missing in the store is played and kept first.

    Raises Interrupted, RunFailed; what was finished by then is in the store.
    """
    planned = {each.label: orders(setting, each) for each in setting.subjects}
    done = store.done()
    missing = {agent: [order for order in plan if order.key not in done] for agent, plan in planned.items()}
    _play(setting, missing, store, console, {agent: len(plan) for agent, plan in planned.items()})
    store.flush(now=True)
    episodes = store.read([order for plan in planned.values() for order in plan])
    store.finish(episodes)
    return episodes


def _play(setting: Setting, missing: dict[str, list[Order]], store: Store, console: Console, planned: dict[str, int]) -> None:
    """Play what is missing, until all is there or too much of an agent's whole plan has failed. Raises Broken."""
    if not any(missing.values()):
        return
    began, came, total = time.monotonic(), 0, sum(planned.values())
    before = total - sum(map(len, missing.values()))

    def keep(order: Order, table: pa.Table) -> None:
        nonlocal came
        store.add(order, table)
        store.flush()
        came += 1
        rate = came / max(1e-9, time.monotonic() - began)
        console.progress("evaluation", before + came, total, {"episodes/s": rate})

    with Stage(setting, console, store.flush) as stage:
        for each in setting.subjects:
            failed: list[str] = []

            def arrived(place: int, table: pa.Table, of: str = each.label, failed: list[str] = failed) -> None:
                keep(missing[of][place], table)
                if reason := shortfall(table):
                    failed.append(reason)
                    refuse_masked(failed, planned[of])

            stage.play(each, [order.request for order in missing[each.label]], arrived)


class Stage:
    """Where episodes are played; Ray is joined or started on the way in, if anybody needs it."""

    def __init__(self, setting: Setting, console: Console, between: Callable[[], None]) -> None:
        """`between` is called again and again while episodes are under way."""
        self._setting = setting
        self._console = console
        self._between = between
        self._stack = ExitStack()
        models = [each for each in setting.subjects if each.kind == "model"]
        self._on_ray = bool(models or setting.models or setting.config.judges["default"].backend not in IN_PROCESS)
        self._needs = evaluation_parts(setting.config, partner_models=len(setting.models), acting_model=bool(models))
        self._models = Models(None, {})

    def __enter__(self) -> Stage:
        with ExitStack() as stack:
            if self._on_ray:
                stack.enter_context(cluster(self._setting.config, self._needs))
            self._interruption = stack.enter_context(Interruption())  # after Ray, which sets a handler of its own
            if self._on_ray:
                self._models = self._prepared()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def play(self, agent: Subject, requests: Sequence[GroupRequest], arrived: Arrived) -> None:
        """Play the episodes of one agent."""
        if not requests:
            return
        setting = self._setting
        patience = Patience(setting.config.run.stall_timeout_s, self._heed)
        if not self._on_ray:
            users = {name: plain_spec(user, 1) for name, user in setting.users.items()}
            partners = evaluation_partners(setting.config) | users
            play_here(worker_spec(setting.config, setting.acting(agent, 1), partners, []), requests, patience, arrived)
            return
        acting = setting.acting(agent, setting.config.rollout.workers)
        parts = Parts(setting.config, self._models, acting=acting, partners=setting.users)
        try:
            play(parts.workers, requests, patience, arrived)
        finally:
            parts.close()

    def _heed(self) -> None:
        self._between()
        self._interruption.check()

    def _prepared(self) -> Models:
        setting = self._setting
        learning = {name: user for name, user in setting.users.items() if setting.learns(name)}
        progress = heeding(self._console.progress, self._interruption.check)
        models = prepare(setting.config, progress, partners=learning)
        given = {name: Path(str(user.model)) for name, user in setting.models.items() if not setting.learns(name)}
        return replace(models, frozen={**models.frozen, **given})


def default_folder(config: Config, subjects: Sequence[Subject], kind: str = "") -> Path:
    """Where the outputs go that nobody gave a folder; `kind` is part of its name."""
    label = re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(each.label for each in subjects))[:LONGEST_LABEL]
    return config.run.root / "evaluations" / f"{config.run.name}-{kind}{label}"
