"""`parley play`: the command."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cluster.errors import RunFailed, UserError, suggestion

if TYPE_CHECKING:
    from cluster.config import Config
    from cluster.play.folder import Folder
    from cluster.play.game import Game, Setting
    from cluster.play.terminal import Terminal
    from envs.base import Gym, Role, Task

LONGEST_CONTEXT = 4096
"""Of a model that no config says anything about, in tokens."""
TURN_TOKENS = 512


def play(
    gym: Annotated[str, typer.Argument(help="TelepathyGym, …", show_default=False)],
    seat: Annotated[Literal["user", "agent"], typer.Option("--as", help="The role to play.", show_default=False)],
    overrides: Annotated[list[str] | None, typer.Argument(help="Dotted overrides of the config.", show_default=False)] = None,
    model: Annotated[Path | None, typer.Option(help="A model folder that plays the other role.", show_default=False)] = None,
    config: Annotated[
        Path | None, typer.Option(help="A run's YAML file: its users, agent, gym parameters and judge.", show_default=False)
    ] = None,
    task: Annotated[str | None, typer.Option(help="A task's id.  [drawn by the seed]", show_default=False)] = None,
    split: Annotated[Literal["train", "heldout"], typer.Option(help="Where the task is from.")] = "heldout",
    seed: Annotated[int | None, typer.Option(help="Of the task drawn and of the other side.  [random]", min=0)] = None,
    preset: Annotated[str | None, typer.Option(help="Of the gym, e.g. userrl.", show_default=False)] = None,
    out: Annotated[Path | None, typer.Option(help="Where games are kept.  [play, under the root of runs]")] = None,
) -> None:
    """Take a seat in a gym, against its script, a model or an endpoint. Ctrl-D or Ctrl-C leaves; nothing is lost.

    Example: parley play TelepathyGym --as agent
    """
    resolved = configured(gym, seat, config, model, overrides or [])
    seed = random.SystemRandom().randrange(2**31) if seed is None else seed
    from cluster.play import opponent
    from cluster.play.folder import Folder
    from cluster.play.game import Setting
    from cluster.start import in_process

    params, chosen = _params(resolved, gym, preset), _task(resolved, gym, split, task, seed)
    in_process.refuse_scripts(chosen, opponent.scripts(resolved, seat))
    setting = Setting(chosen, seat, seed, params, "", resolved.policies[resolved.acting].wire)
    path = (resolved.run.root / "play" if out is None else out).expanduser().absolute()
    raise typer.Exit(run(resolved, setting, Folder(path, resolved), path))


def configured(gym: str, seat: Role, config: Path | None, model: Path | None, overrides: list[str]) -> Config:
    """The config to play by. Raises UserError."""
    import envs
    from cluster import config as configuration
    from cluster.config import yaml_text
    from cluster.play import opponent
    from cluster.start.in_process import longest_context

    raw: dict[str, Any] = {} if config is None else yaml_text.read(config)
    acting: Role = envs.registry.entry(gym).gym.acting if gym in envs.gyms() else "agent"
    partner = "user" if acting == "agent" else "agent"
    folder = None if model is None else str(model.expanduser().absolute())
    if config is None:
        raw = {"policies": {acting: {"model": folder or {"tiny": acting}, "train": True}, partner: {"speaker": "scripted"}}}
        if gym in envs.gyms():
            raw |= {"gyms": {"train": {gym: 1.0}}, "eval": {"tasks": 1}}
        if model is not None:
            size = min(LONGEST_CONTEXT, longest_context(model))
            raw["rollout"] = {"max_context": size, "max_turn_tokens": min(TURN_TOKENS, size // 2)}
    if folder is not None:
        overrides = [*overrides, f"policies.{acting}.model={folder}"] if seat == partner else overrides
        if seat == acting:
            raw = raw | {"policies": {**raw.get("policies", {}), partner: {"model": folder}}, "sft": None}
    resolved = configuration.parse(raw, overrides, imitates=False)
    if gym not in envs.gyms():
        raise UserError(f"{gym!r} is not a gym: {suggestion(gym, envs.gyms())}")
    opponent.check(resolved, gym, seat)
    return resolved


def run(config: Config, setting: Setting, folder: Folder, path: Path) -> int:
    """Play, keep the game, ask for a rating; the exit code. Raises UserError, RunFailed."""
    from actors.human import Left
    from cluster.play.rating import Rating, asked
    from cluster.play.terminal import Terminal, departures

    terminal = Terminal(setting.role)
    game, ended = _played(config, setting, terminal)
    if game is None:
        return ended.exit_code if isinstance(ended, Left) else 0
    status, error = _status(ended)
    number = folder.add(lambda number: game.rows(number, Rating(), status, error))
    code = ended.exit_code if isinstance(ended, Left) else 0
    if ended is None:
        if setting.role == game.gym.acting:
            terminal.hear(game.last_heard)
        terminal.say(f"score {game.gym.score():.3f}, {'success' if game.gym.success() else 'no success'}", "bold")
        try:
            with departures():
                rating = asked(terminal)
            folder.replace(number, game.rows(number, rating, status, error))
        except Left as left:
            code = left.exit_code
    if isinstance(ended, Exception):
        raise RunFailed(f"{error}; what was said is in {path}") from ended
    terminal.say(f"\nparley show {path} --phase human --iteration {number}")
    return code


def _played(config: Config, setting: Setting, terminal: Terminal) -> tuple[Game | None, BaseException | None]:
    """The game, once there is something of it to keep, and what ended it before its end."""
    from dataclasses import replace

    from actors.human import Left
    from actors.rollout import GroupRequest
    from cluster.play.game import Game
    from cluster.play.opponent import opponent
    from cluster.play.terminal import departures
    from cluster.start import in_process

    made: list[Game] = []

    async def conversation() -> None:
        terminal.say("Setting the table …", "dim")  # a model takes seconds to load
        other = opponent(config, setting.role, GroupRequest(setting.task, 0, 0, (setting.seed,)))
        terminal.say(
            f"{setting.task.gym}, task {setting.task.id}, seed {setting.seed}; the other side is {other.name}.", "bold"
        )
        game = Game(replace(setting, other=other.name), terminal, other.speakers, in_process.judge(config))
        made.append(game)
        terminal.say(_told(setting.role, game.gym), "bold")
        await game.play()

    try:
        with departures():
            asyncio.run(conversation())
    except UserError:
        raise
    except (Left, Exception) as error:  # kept with what was said, and reported by `run`
        if not made:
            if isinstance(error, Left):
                return None, error
            raise
        return made[0], error
    return made[0], None


def _status(ended: BaseException | None) -> tuple[str, str | None]:
    """(status, why) of a game that `ended`."""
    from actors.human import Left
    from actors.rollout import status_of
    from cluster.play.game import LEFT
    from rewards.trajectory import OK

    if ended is None:
        return OK, None
    if isinstance(ended, Left):
        return LEFT, "the person left"
    assert isinstance(ended, Exception)
    return status_of(ended), f"{type(ended).__name__}: {ended}"


def _task(config: Config, gym: str, split: Literal["train", "heldout"], name: str | None, seed: int) -> Task:
    import envs

    tasks = envs.load(gym, split, **config.gyms.tasks.get(gym, {}))
    if not tasks:
        raise UserError(f"--split is {split}: {gym} has no such tasks here; give the other one.")
    if name is None:
        return tasks[random.Random(f"play {seed}").randrange(len(tasks))]
    for task in tasks:
        if task.id == name:
            return task
    raise UserError(f"--task {name} is not in {gym}'s split {split}: {suggestion(name, [task.id for task in tasks], limit=4)}")


def _params(config: Config, gym: str, preset: str | None) -> dict[str, Any]:
    from cluster.config import gym_arguments, gym_params

    params = gym_params(config, gym) | ({} if preset is None else {"preset": preset})
    gym_arguments.check(f"gyms.params.{gym}", gym, params)
    return params


def _told(role: str, gym: Gym) -> str:
    """What a person is told before the role's own instructions, which tell an acting role of most gyms how to write."""
    from envs.tool import usage

    how = "Answer in your own words; where answers are listed, a number chooses." if role != gym.acting else ""
    how = usage("bracket", gym.choices) if role == gym.acting and gym.terse else how
    return " ".join(filter(None, (f"You are the {role}.", how, "Ctrl-D leaves.")))
