"""What the scripted agents of both worlds share: how to ask, to call a tool and to take in what comes back.

A plan is a generator: it yields what to do in the bracket wire and is sent what came of it. So it reads like the job it does.

Contract: a clerk reads the opening and the feedback, never a task. Customers it understands by the sentences of `wording.py`.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

from envs.tau.tools import ERROR
from envs.tau.wording import values, wanted

Plan = Generator[str, str, None]
Asking = Generator[str, str, bool]
Calling = Generator[str, str, Any]

PATIENCE = 2
"""How often the same thing is asked for."""


class Clerk:
    """`kind` is what the customer wants now, `facts` what it told: about itself, and about this wish."""

    def __init__(self, domain: str, opening: str, about_oneself: tuple[str, ...]) -> None:
        self.domain, self._lasting = domain, about_oneself
        self.kind: str | None = None
        self.facts: dict[str, str] = {}
        self.listen(opening)

    def listen(self, text: str) -> None:
        """Take in what the customer says."""
        self.kind = wanted(text, self.domain) or self.kind
        self.facts |= dict(values(text))

    def settled(self) -> None:
        """Forget the wish that was dealt with."""
        self.kind = None
        self.facts = {slot: value for slot, value in self.facts.items() if slot in self._lasting}

    def ask(self, question: str, *alternatives: str) -> Asking:
        """Ask until one of each alternatives ("email name") is known; whether it is so."""
        for _ in range(PATIENCE):
            if self.knows(*alternatives):
                break
            self.listen((yield f"[action] {question}"))
        return self.knows(*alternatives)

    def tell(self, text: str) -> Plan:
        """Say how a wish was settled, and hear the next."""
        self.settled()
        self.listen((yield f"[action] {text} Anything else?"))

    def call(self, name: str, **arguments: Any) -> Calling:
        """What a tool returns; None if it fails."""
        call = json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)
        first, *_ = (yield f"[answer] {call}").splitlines()
        return None if first.startswith(ERROR) else json.loads(first)

    def knows(self, *alternatives: str) -> bool:
        """Whether of each alternatives one was told."""
        return all(any(slot in self.facts for slot in slots.split()) for slots in alternatives)
