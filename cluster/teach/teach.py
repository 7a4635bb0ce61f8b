"""`parley teach`: a teacher plays the run's train tasks, and the best of it becomes a file to imitate.

Plays in this process, without Ray: the teacher is a server or a script, and computes elsewhere or next to nothing.

Invariants
- A finished episode is on disk before the next one of its place begins; killed at any time, `--resume` plays what is missing.
- The seed of an episode depends on (run.seed, task, number) alone, so more tasks or episodes add to what is there.
- A failed call ends its episode, which is counted and never a sample. `max_cost` holds over all resumes.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from fnmatch import fnmatch
from typing import Any

import envs
from actors.config import SpeakerConfig
from actors.rollout import BUDGET, Cast, GroupRequest, SpeakerFactory, drawn_opponent, episode_rows
from actors.speaker import derived_seed
from actors.worker import plain_partner
from cluster.config import Config, gym_params
from cluster.config.teach import TeachConfig
from cluster.errors import RunFailed, UserError
from cluster.groups.tasks import TaskSource
from cluster.start import in_process
from cluster.start.claim import FREE_OF_AN_ENDPOINT, flat
from cluster.start.parts import plain_spec
from cluster.teach import teacher
from cluster.teach.records import TOLD
from cluster.teach.store import TASKS, Store
from envs import registry
from envs.base import Scripted, Task
from envs.recorder import Recorder
from rewards.trajectory import OK, Row

POLL_S = 0.2
"""Between two looks at whether to stop."""
Place = tuple[GroupRequest, int]
"""(a task with the seeds of all its episodes, the number of one of them)"""
AFTERWARDS = {"tasks", "episodes", "keep", "min_score", "similarity", "max_failures"}
"""Settings that change nothing about an episode."""
OF_A_JUDGE = {"backend", "model", "max_context", "max_tokens", "endpoint", "options"}
SERVERS = ("teach", "judges.default", "policies.*.mix.*")
FREE = (*(f"{who}.endpoint.{name}" for who in SERVERS for name in FREE_OF_AN_ENDPOINT), "policies.*.mix.*.retry.*")
"""What may differ when it is gone on with: where and how fast it is played."""


def plan(config: Config, settings: TeachConfig) -> list[Place]:
    """All episodes, task by task. Raises UserError."""
    places: list[Place] = []
    scripts: dict[Scripted, str] = {} if settings.endpoint else {"agent": "give teach.endpoint"}
    scripts |= (
        {"partner": f"set teach.user=null, and policies.{config.partner} to an endpoint or a model"} if settings.user else {}
    )
    for gym in sorted(config.gyms.train):
        options = config.gyms.tasks.get(gym, {})
        there = len(envs.load(gym, "train", **options))
        count = there if settings.tasks is None else settings.tasks
        if not 0 < count <= there:
            raise UserError(f"teach.tasks is {count}: {gym} has {there} train tasks.")
        source = TaskSource({gym: 1.0}, config.run.seed, {gym: options})
        for number in range(count):
            task = source.task(number)
            in_process.refuse_scripts(task, scripts)
            seeds = tuple(derived_seed(config.run.seed, "teach", task.id, n) for n in range(settings.episodes))
            places += [(GroupRequest(task, number, 0, seeds), n) for n in range(settings.episodes)]
    return places


def made_of(config: Config, settings: TeachConfig, places: Sequence[Place]) -> dict[str, Any]:
    """What an episode depends on, by dotted key; and of every task that is played, by its place, a digest."""
    teach = settings.model_dump(mode="json", exclude=AFTERWARDS | {"retry"})
    judge = config.judges["default"].model_dump(mode="json", include=OF_A_JUDGE)
    leaves = flat(
        {
            "teach": teach,
            "run": {"seed": config.run.seed},
            "gyms": config.gyms.model_dump(mode="json", include={"train", "max_turns", "tasks", "params"}),
            "policies": {} if settings.user else {config.partner: config.policies[config.partner].model_dump(mode="json")},
            "judges": {"default": judge},
            "rollout": config.rollout.model_dump(mode="json", include={"max_turn_tokens", "max_context"}),
        }
    )
    kept = {key: value for key, value in leaves.items() if not any(fnmatch(key, each) for each in FREE)}
    return kept | {f"{TASKS}{request.group_id} of {request.task.gym}": digest(request.task) for request, n in places if not n}


def digest(task: Task) -> str:
    """Sixteen hex digits that change with anything in a task."""
    return hashlib.blake2b(task.model_dump_json().encode(), digest_size=8).hexdigest()


class Teaching:
    """The episodes of one command, under way."""

    def __init__(self, config: Config, settings: TeachConfig, store: Store) -> None:
        self._config = config
        self._settings = settings
        self._store = store
        self._failures = 0
        self.stopped: str | None = None
        """Why not all were played, once it is known."""

    async def play(self, places: Sequence[Place], heed: Callable[[], None], ended: Callable[[], None]) -> None:
        """Play those of `places` that are missing. `heed` may raise what ends it; `ended` hears of each episode. Raises
        RunFailed after too many failures in a row, UserError where user or judge cannot be had here."""
        cast, left = self._cast(), iter([place for place in places if not self._store.done(_name(place))])
        most = self._settings.at_once(self._config.rollout.concurrency)
        workers = {asyncio.create_task(self._work(cast, left, ended)) for _ in range(most)}
        try:
            running = workers
            while running:
                heed()
                finished, running = await asyncio.wait(running, timeout=POLL_S)
                for worker in finished:
                    worker.result()
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self, cast: Cast, left: Iterator[Place], ended: Callable[[], None]) -> None:
        for request, number in left:
            if self.stopped is not None:
                return
            rows = await _episode(cast, request, number)
            if rows[0].status == BUDGET:
                self.stopped = f"{in_words(rows[0])}; raise max_cost, and --resume goes on."
                return
            self._store.add(rows)
            self._count(rows[0])
            ended()
            await asyncio.sleep(0)  # a script never waits, and somebody else may want to stop

    def _count(self, row: Row) -> None:
        self._failures = 0 if row.status == OK else self._failures + 1
        if self.stopped is None and self._failures >= self._settings.max_failures:
            self.stopped = f"{self._failures} episodes in a row failed, the last one: {in_words(row)}"
            raise RunFailed(f"{self.stopped}; --resume plays them again")

    def _cast(self) -> Cast:
        config, user = self._config, self._settings.user
        partners = in_process.users(config) if user is None else self._one(SpeakerConfig(speaker=user))
        return Cast(
            acting=teacher.speakers(self._settings, config.acting, spent=self._store.cost, paid=self._store.pay),
            partners=partners,
            judge=in_process.judge(config),
            gym_params={gym: gym_params(config, gym) for gym in config.gyms.train},
            max_turns=config.gyms.max_turns,
            name=teacher.name(self._settings, config.acting),
        )

    def _one(self, speaker: SpeakerConfig) -> dict[str, tuple[float, SpeakerFactory]]:
        return {str(speaker.speaker): (1.0, plain_partner(plain_spec(speaker, 1), in_process.limits(self._config)))}


async def _episode(cast: Cast, request: GroupRequest, number: int) -> list[Row]:
    """One episode. In a gym whose views are fresh its state also has each turn with all that it was told, as `TOLD`."""
    recorders: list[Recorder] = []

    def acting(request: GroupRequest, seed: int) -> Recorder:
        recorders.append(Recorder(cast.acting(request, seed)))
        return recorders[-1]

    rows = await episode_rows(request, replace(cast, acting=acting), number, drawn_opponent(request, cast))
    gym = registry.entry(request.task.gym).gym
    if gym.fresh and rows[0].status == OK:
        told = [each.messages for each in recorders[0].demonstrations(gym.name, request.task.id, gym.acting)]
        state = json.loads(rows[0].state) | {TOLD: [[asdict(message) for message in turn] for turn in told]}
        rows[0].state = json.dumps(state, ensure_ascii=False)
    return rows


def in_words(row: Row) -> str:
    """Why an episode failed."""
    return str(json.loads(row.state).get("error", row.status))


def _name(place: Place) -> tuple[str, str]:
    request, number = place
    return request.task.gym, f"{request.group_id}.{number}"
