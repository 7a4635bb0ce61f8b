"""Playing one group: K episodes of one task, to rows of the trajectory table.

Knows no Ray: whoever owns engines and judges (a rollout worker, a test, a baseline run) hands in a `Cast`.

Invariants
- A group is one request and one table. An episode that fails is a row with a status, never an exception.
- The opponent is drawn once per group: the K episodes that are compared met the same kind of partner.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pyarrow as pa

import envs
from actors.endpoint_reply import BudgetSpent, EndpointError
from actors.engine import EngineDead
from actors.pool import PoolError
from actors.speaker import PolicySpeaker, derived_seed
from actors.transcript import TokenSequence, as_json
from envs import registry
from envs.base import Judge, PartnerSilent, Role, Speaker, Task
from envs.conversation import Episode, PlayedTurn, converse
from envs.tool import Wire
from rewards.combine import FORMAT_REWARD
from rewards.trajectory import OK, Row, Turn, to_table
from rewards.verdict import JudgeError

BUDGET = "budget"
"""The status of an episode that an endpoint's `max_cost` ended."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Which weights of a trained policy to sample with, and where they are."""

    version: int
    reference: list[Any] = field(default_factory=list)
    """The published weights; empty: those the engine started with. The reference travels inside a list so that Ray leaves
    fetching it to the worker that needs it."""
    epoch: int = 0
    """How often the run went back to a checkpoint: of two epochs the later is newer, whatever the versions are."""

    @property
    def age(self) -> tuple[int, int]:
        """Orders all weights a run ever published."""
        return self.epoch, self.version


@dataclass(frozen=True, slots=True)
class GroupRequest:
    """What a worker is asked to play."""

    task: Task
    group_id: int
    attempt: int
    seeds: tuple[int, ...]
    """One per episode."""
    temperature: float = 1.0
    opponent: str | None = None
    """A named way to play the partner instead of the mix, e.g. `constant`."""
    weights: dict[str, Weights] = field(default_factory=dict)
    """By policy; one that is not named plays with what its engine started with."""
    timed: bool = False
    """Whether `seconds` in an episode's state says how long each turn was waited for: no two runs agree on it."""

    def version(self, policy: str) -> int:
        """The oldest version the policy may sample with."""
        return self.weights[policy].version if policy in self.weights else 0


SpeakerFactory = Callable[[GroupRequest, int], Speaker]
"""(what is played, seed) -> a speaker for one episode."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who can play, who judges, and under which rules."""

    acting: SpeakerFactory
    partners: dict[str, tuple[float, SpeakerFactory]]
    """name -> (weight in the mix, factory). Weight 0: only on request."""
    judge: Judge
    gym_params: dict[str, dict[str, Any]]
    name: str | None = None
    """What rows call an acting speaker without tokens; None: `scripted:` and its role."""
    wire: Wire = "bracket"
    max_turns: int = 16


async def run_group(
    request: GroupRequest, cast: Cast, limit: asyncio.Semaphore, ended: Callable[[], None] = lambda: None
) -> pa.Table:
    """Play all episodes of a group, at most as many at a time as `limit` allows; `ended` hears of each."""
    opponent = drawn_opponent(request, cast)

    async def episode(index: int) -> list[Row]:
        async with limit:
            rows = await episode_rows(request, cast, index, opponent)
        ended()
        return rows

    rows = await asyncio.gather(*map(episode, range(len(request.seeds))))
    return to_table(row for episode_rows in rows for row in episode_rows)


async def episode_rows(request: GroupRequest, cast: Cast, index: int, opponent: str) -> list[Row]:
    """One episode of a group, at the place `index`."""
    try:
        return await _play(request, cast, index, opponent)
    except Exception as error:
        # The row carries kind and cause to the driver, which masks, counts and stops on too many.
        failed = empty_row(request, index, opponent)
        failed.status = status_of(error)
        failed.state = json.dumps({"error": f"{type(error).__name__}: {error}"[:2000]})
        return [failed]


async def _play(request: GroupRequest, cast: Cast, index: int, opponent: str) -> list[Row]:
    seed = request.seeds[index]
    name = request.task.gym
    acting = cast.acting(request, derived_seed(seed, "acting"))
    partner = cast.partners[opponent][1](request, derived_seed(seed, "partner"))
    gym = envs.create(name, partner, cast.judge, **cast.gym_params.get(name, {}))
    episode = await converse(gym, gym.reset(request.task, seed), acting, wire=cast.wire, max_turns=cast.max_turns)
    if request.timed:
        episode.state["seconds"] = [turn.seconds for turn in episode.turns]
    return filled_rows(empty_row(request, index, opponent), acting, cast.name or f"scripted:{gym.acting}", episode)


def empty_row(request: GroupRequest, index: int, opponent: str) -> Row:
    """What is known of an episode before it is played."""
    return Row(
        policy="",
        opponent=opponent,
        gym=request.task.gym,
        task_id=request.task.id,
        split=request.task.split,
        group_id=request.group_id,
        episode_id=f"{request.group_id}.{index}",
        attempt=request.attempt,
        seed=request.seeds[index],
    )


def filled_rows(row: Row, acting: Speaker, name: str, episode: Episode) -> list[Row]:
    """An episode as rows like `row`, one per sequence; `name` is what they call a speaker without tokens."""
    sequences = acting.transcript.sequences if isinstance(acting, PolicySpeaker) else [TokenSequence()]
    policy = acting.policy if isinstance(acting, PolicySpeaker) else name
    return [_filled(replace(row), policy, n, s, episode) for n, s in enumerate(sequences)]


def _filled(row: Row, policy: str, number: int, sequence: TokenSequence, episode: Episode) -> Row:
    here = {turn for turn in sequence.turn if turn >= 0}
    row.policy, row.sequence = policy, number
    row.tokens, row.turn, row.logprobs, row.version = (
        sequence.tokens,
        sequence.turn,
        sequence.logprobs,
        sequence.versions,
    )
    # A turn lives in the row where it was sampled; a speaker without tokens has all its turns in its only row.
    row.turns = [_turn(n, turn) for n, turn in enumerate(episode.turns) if n in here or not sequence.tokens]
    row.score, row.success, row.ended, row.status = episode.score, episode.success, episode.ended, OK
    if number == 0:
        row.messages, row.state = as_json(episode.messages), json.dumps(episode.state, ensure_ascii=False)
    return row


def _turn(number: int, played: PlayedTurn) -> Turn:
    rewards = {name: (value, played.result.sources[name]) for name, value in played.result.rewards.items()}
    # A penalty, not a bonus: paid for every well-formed turn, a long conversation would be its own reward.
    rewards[FORMAT_REWARD] = (-1.0 if played.malformed else 0.0, "rule")
    return Turn(number, played.finish, played.signature, rewards)


def drawn_opponent(request: GroupRequest, cast: Cast) -> str:
    """Who plays the partner in all episodes of a group."""
    mix = {name: weight for name, (weight, _) in cast.partners.items()}
    return request.opponent or draw_opponent(mix, request.group_id, request.seeds)


def draw_opponent(mix: Mapping[str, float], group_id: int, seeds: Sequence[int]) -> str:
    """Who of a mix, name -> weight, a group meets; the same for the same group and first seed."""
    names = [name for name, weight in mix.items() if weight > 0]
    seed = derived_seed("opponent", group_id, *seeds[:1])
    return random.Random(seed).choices(names, [mix[name] for name in names])[0]


def status_of(error: Exception) -> str:
    """The status of a row whose episode ended with `error`."""
    if isinstance(error, JudgeError):
        return f"judge_{error.failure}"
    if isinstance(error, EndpointError):
        return BUDGET if isinstance(error, BudgetSpent) else "endpoint"
    if isinstance(error, PartnerSilent):
        return "partner"
    return "engine" if isinstance(error, EngineDead | PoolError) else "error"


def scripted(role: Role | Literal["partner"]) -> SpeakerFactory:
    """The factory of every gym's own scripted speaker of a role; the partner is who does not act in it."""
    return lambda request, seed: envs.scripted(request.task.gym, _role(request, role), seed)


def adversarial(role: Role | Literal["partner"], kind: str) -> SpeakerFactory:
    """The same, disturbed (`envs.adversarial`)."""
    return lambda request, seed: envs.adversary(request.task.gym, _role(request, role), kind, seed)


def _role(request: GroupRequest, role: Role | Literal["partner"]) -> Role:
    return registry.entry(request.task.gym).partner if role == "partner" else role
