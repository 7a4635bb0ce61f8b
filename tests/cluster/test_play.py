"""A game with a person in it, without a terminal: its rows, and that nothing that was said is lost."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest
from loopback import failed, serving
from rich.console import Console
from teach_cases import taught

import envs
from actors.endpoint_speaker import EndpointSpeakers
from actors.human import Left
from actors.rollout import GroupRequest, scripted
from actors.speaker import Limits
from cluster.config import parse
from cluster.errors import UserError
from cluster.play import command
from cluster.play.folder import Folder
from cluster.play.game import LEFT, Game, Setting
from cluster.play.opponent import check, opponent, scripts
from cluster.play.rating import Rating, asked
from cluster.play.terminal import Terminal
from cluster.start import in_process
from envs.base import Message, Scripted, Speaker, Task, View
from envs.intention.baselines import Oracle
from envs.speakers import ConstantSpeaker
from envs.usersim.users import USERS
from envs.usersim.users.speaker import RuleSpeaker
from rewards.config import RetryPolicy
from rewards.endpoint_config import EndpointConfig
from rewards.trajectory import Row, to_table

TASK = envs.load("IntentionGym", "heldout")[0]


class Person:
    """A seat that is an expert for some turns, then leaves."""

    def __init__(self, turns: int) -> None:
        self._left, self._oracle, self._view = turns, Oracle(0), View("agent", "", ())

    def show(self, view: View) -> None:
        self._view = view

    def ask(self, hint: str) -> str:
        if not self._left:
            raise Left(0)
        self._left -= 1
        return envs.conversation.drive(self._oracle.speak(self._view)).text


class SeatOf:
    """Where a speaker sits."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    def show(self, view: View) -> None:
        self._view = view

    def ask(self, hint: str) -> str:
        return envs.conversation.drive(self._speaker.speak(self._view)).text


class Talker:
    """A seat that says one thing so often."""

    def __init__(self, turns: int) -> None:
        self._left = turns

    def show(self, view: View) -> None:
        assert view.role == "user"

    def ask(self, hint: str) -> str:
        self._left -= 1
        if self._left < 0:
            raise Left(0)
        return "It does not matter."


def rows(role: Any, seat: Any, other: Any = None, status: str = "ok", params: dict[str, Any] | None = None) -> list[Row]:
    setting = Setting(TASK, role, 7, params or {}, "scripted")
    game = Game(setting, seat, other or scripted("user" if role == "agent" else "agent"), envs.RuleJudge())
    try:
        asyncio.run(game.play())
    except (Left, Exception) as error:
        assert status != "ok", error
    made = game.rows(3, Rating(4, "good"), status, None if status == "ok" else "why")
    to_table(made)  # keeps the table's invariants
    return made


def test_a_whole_game_is_an_episode_like_any_other():
    (row,) = rows("agent", Person(99))
    assert (row.policy, row.opponent, row.episode_id, row.seed, row.score, row.success) == (
        "human",
        "scripted",
        "3.0",
        7,
        1.0,
        True,
    )
    assert json.loads(row.state)["human"] == {"seat": "agent", "rating": 4, "comment": "good"}
    (reference,) = rows("agent", Person(99))
    assert reference == row, "the same person, seed and task give the same game"


def test_who_leaves_leaves_everything_that_was_said_and_no_score():
    (row,) = rows("agent", Person(2), status=LEFT)
    said = [message["content"] for message in json.loads(row.messages) if message["role"] == "assistant"]
    assert len(said) == len(row.turns) == 2 and (row.score, row.success, row.ended) == (None, None, "")
    assert json.loads(row.state)["error"] == "why" and json.loads(row.state)["turn"] == 2


def test_a_question_without_an_answer_is_kept_as_a_turn_that_brought_nothing():
    (row,) = rows("user", Talker(1), status=LEFT)
    assert (row.policy, row.opponent, len(row.turns)) == ("scripted", "human", 2)
    assert json.loads(row.messages)[-1]["role"] == "assistant" and "env" not in row.turns[-1].rewards


def test_a_user_behind_an_endpoint_that_fails_breaks_the_game_off():
    with serving([failed(401, "wrong key")]) as server:

        def other(request: Any, seed: int) -> Any:
            endpoint = EndpointConfig(base_url=server.url, model="m")
            return EndpointSpeakers(endpoint, RetryPolicy(), Limits(9, 99))(request, seed)

        (row,) = rows("agent", Person(9), other, status="endpoint")
    assert row.status == "endpoint" and len(row.turns) == 1


def test_games_of_a_folder_are_numbered_and_kept_anew_with_their_rating(tmp_path: Path):
    folder = Folder(tmp_path / "play", taught(None, tmp_path))
    assert [folder.add(lambda number: rows("agent", Person(99))) for _ in range(2)] == [1, 2]
    path = folder.replace(1, rows("agent", Person(1), status=LEFT))
    assert path.name == "human-000001.parquet" and len(list(path.parent.glob("*.parquet"))) == 2


def test_a_rating_is_one_to_five_or_none():
    def given(*lines: str) -> Rating:
        left = list(lines)
        return asked(Terminal("agent", lambda prompt: left.pop(0)))

    assert given("9", "bad", "2", " too slow ") == Rating(2, "too slow")
    assert given("", "") == Rating(None, None)


def test_what_others_wrote_reaches_a_terminal_as_text_alone():
    terminal = Terminal("user")
    terminal.console = Console(file=io.StringIO(), force_terminal=True, markup=False)
    terminal.show(View("user", "\x1b]0;evil\x07[bold]profile", (Message("user", "\x9b2J\u202edrow"),), choices=("\x1b[A",)))
    shown = terminal.console.file.getvalue()
    assert "\\x1b]0;evil\\x07[bold]profile" in shown and "\\x9b2J\\u202edrow" in shown and "\\x1b[A" in shown
    terminal.show(View("user", "\x1b]0;evil\x07[bold]profile", (Message("user", "And?"),)))
    assert terminal.console.file.getvalue().count("profile") == 1, "a profile that did not change is not shown again"


@pytest.mark.parametrize("gym", sorted(envs.gyms()))
def test_every_gym_says_whether_it_has_a_user_seat(gym: str):
    config = command.configured(gym, envs.registry.entry(gym).gym.acting, None, None, [])
    check(config, gym, "agent")
    if "user" in envs.registry.entry(gym).scripted:
        check(config, gym, "user")
    else:
        with pytest.raises(UserError, match=f"{gym} has no user seat"):
            check(config, gym, "user")


def test_either_seat_where_the_user_acts():
    """Against the script of the other role, which is the partner for who acts, and acts for its partner."""
    task = envs.load("UserSimGym", "heldout", count=1)[0]
    user = SeatOf(RuleSpeaker(USERS["oracle"], 0))
    agent = SeatOf(ConstantSpeaker("It costs what the contract says."))
    for role, seat, name in (("user", user, "scripted"), ("agent", agent, "scripted:user")):
        config = command.configured("UserSimGym", role, None, None, [])
        assert config.acting == "user" and set(scripts(config, role)) == {"judge", "partner" if role == "user" else "agent"}
        other = opponent(config, role, GroupRequest(task, 0, 0, (7,)))
        assert other.name == name
        game = Game(Setting(task, role, 7, {}, other.name), seat, other.speakers, envs.RuleJudge())
        asyncio.run(game.play())
        (row,) = game.rows(1, Rating())
        assert (row.status, row.ended) == ("ok", "terminated") and len(row.turns) > 1
        assert (row.policy, row.opponent) == (("human", name) if role == "user" else (name, "human"))


def test_a_gym_in_which_another_role_acts_than_in_the_config_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match=r"in UserSimGym the user acts, but in the gyms of --config the agent does: give none"):
        check(taught(None, tmp_path), "UserSimGym", "agent")


def test_a_model_takes_the_other_seat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(in_process.Engine, "living", False)  # another file's may still be there
    (tmp_path / "config.json").write_text('{"max_position_embeddings": 9000}')
    for gym, seat, role in (
        ("TelepathyGym", "agent", "user"),
        ("TelepathyGym", "user", "agent"),
        ("UserSimGym", "agent", "user"),
        ("UserSimGym", "user", "agent"),
    ):
        config = command.configured(gym, seat, None, tmp_path, [])
        assert config.policies[role].model == str(tmp_path)
        assert config.rollout.max_context == command.LONGEST_CONTEXT, "a tiny agent would not hold it, but none plays"
    (tmp_path / "config.json").write_text('{"max_position_embeddings": 640}')
    with pytest.raises(UserError, match="holds 640 tokens"):
        in_process.engine(parse({"rollout": {"max_context": 700}}), "agent", str(tmp_path))


def test_a_task_in_free_words_is_not_played_by_scripts(tmp_path: Path):
    class Free(Task):
        @property
        def beyond_rules(self) -> frozenset[Scripted]:
            return frozenset(("agent", "judge"))

    free = Free(id="free", gym="IntentionGym", split="heldout")
    config = taught(None, tmp_path)
    with pytest.raises(UserError, match=r"the task free is told in free words.*judges\.default"):
        in_process.refuse_scripts(free, scripts(config, "agent"))
    with pytest.raises(UserError, match=r"give --model, or a --config with teach\.endpoint"):
        in_process.refuse_scripts(free, scripts(config, "user"))
    in_process.refuse_scripts(TASK, scripts(config, "user"))
