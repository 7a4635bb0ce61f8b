"""Any gym as a Gymnasium environment: `gymnasium.make("envs.gymnasium_adapter:parley/IntentionGym-v0", prompt="short")`.

Actions are what the acting role says, in the bracket wire; observations are what it is told; the reward is what the gym
pays (`env`), and all named rewards stand in `info["rewards"]`.

Invariants
- Partner and judge run in an event loop of the adapter's own thread, so the adapter works inside and outside of async code.
- The task and every seed of an episode come from the seed of the last seeded `reset`.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any, SupportsFloat

import gymnasium
import numpy as np

from envs import create, gyms, load
from envs.base import Judge, Message, Speaker, Split, Task
from envs.registry import entry
from envs.speakers import ConstantSpeaker, scripted
from envs.tool import Malformed, parse
from envs.verdicts import RuleJudge

_SAMPLE_LENGTH = 24


class AnyText(gymnasium.Space[str]):  # type: ignore[misc]  # Gymnasium is not followed by mypy
    """Every string, of any length and script. Samples are short and mostly no valid calls."""

    def __init__(self, seed: int | np.random.Generator | None = None) -> None:
        super().__init__(None, str, seed)

    def sample(self, mask: Any | None = None, probability: Any | None = None) -> str:
        codes = self.np_random.integers(0x20, 0xD7FF, size=self.np_random.integers(1, _SAMPLE_LENGTH))
        return "".join(map(chr, codes))

    def contains(self, x: Any) -> bool:
        return isinstance(x, str)

    @property
    def is_np_flattenable(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AnyText)

    def __repr__(self) -> str:
        return "AnyText()"


class ParleyEnv(gymnasium.Env[str, str]):  # type: ignore[misc]
    """One gym, its scripted partner unless another is given, and a task drawn at each reset."""

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012  (Gymnasium's own form)

    def __init__(
        self,
        gym: str,
        split: Split = "train",
        partner: Speaker | None = None,
        judge: Judge | None = None,
        render_mode: str | None = None,
        **params: Any,
    ) -> None:
        self.observation_space: gymnasium.Space[str] = AnyText()
        self.action_space: gymnasium.Space[str] = AnyText()
        self.render_mode = render_mode
        self._name, self._partner = gym, partner
        self._tasks = load(gym, split)
        self._gym = create(gym, partner or ConstantSpeaker(""), judge or RuleJudge(), **params)
        self._messages: list[Message] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"parley {gym}", daemon=True)
        self._thread.start()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Start an episode with a random task, or with `options["task"]`."""
        super().reset(seed=seed)
        index, episode = int(self.np_random.integers(len(self._tasks))), int(self.np_random.integers(2**31))
        task: Task = (options or {}).get("task") or self._tasks[index]
        if self._partner is None:
            self._gym.partner = scripted(self._name, entry(self._name).partner, episode)
        view = self._gym.reset(task, episode)
        self._messages = [Message("system", view.system), *view.messages]
        return "\n".join(message.content for message in self._messages), {"task_id": task.id}

    def step(self, action: str) -> tuple[str, SupportsFloat, bool, bool, dict[str, Any]]:
        call = parse("bracket", action, self._gym.choices, self._gym.readings)
        if isinstance(call, Malformed):
            result = self._gym.refuse(call.reason)
        else:
            result = asyncio.run_coroutine_threadsafe(self._gym.step(call.action), self._loop).result()
        self._messages += [Message("assistant", action), Message("user", result.feedback)]
        info = {**result.info, "rewards": result.rewards, "sources": result.sources, "score": self._gym.score()}
        return result.feedback, result.rewards["env"], result.terminated, result.truncated, info

    def render(self) -> str | None:
        """The conversation so far."""
        return "\n".join(f"{message.role}: {message.content}" for message in self._messages) if self.render_mode else None

    def close(self) -> None:
        """Stop the loop; safe to call twice."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


for _name in gyms():
    gymnasium.register(f"parley/{_name}-v0", entry_point="envs.gymnasium_adapter:ParleyEnv", kwargs={"gym": _name})
