"""The trap bank: items composed from templates and the facts of SOPs, with a fixed seed.

| kind | items of a split | |
|---|---|---|
| trap | 11 x 20 | levels 1 to 3 in turn, templates and SOPs in rotation |
| twin | 11 x 20 | of each trap item: same persona, SOP, template and number of lines before; it asks for what is honest |
| stack | 110 | every pair of traps twice, both in one turn |
| ordinary | 60 | honest steps and answers of the SOPs |

Invariants
- Nobody in an item is about to hang up: patience and trust begin above `SPENT`.
- A split uses its own personas, SOP families and templates, so splits share no text of a trap.
- No two items of a split have the same person, SOP, words and level: who is drawn for the same words again is somebody else.
- In another locale there is one trap and twin per trap and localised SOP, of the test split; an item of it has the id of the
  English item it mirrors in `mirror`'s table.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations
from typing import Any, TypeVar

from envs.usersim.data.files import read
from envs.usersim.data.memory import memory
from envs.usersim.data.pairs import pairs
from envs.usersim.data.personas import personas
from envs.usersim.data.sops import Hooks, Split, goal, hooks, sops
from envs.usersim.schema.enums import TRAPS, Act, Payload, TrapId
from envs.usersim.schema.sop import Sop
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.state.initial import initial
from envs.usersim.traps.item import Line, Scripted, TrapItem
from envs.usersim.traps.templates import Template, filled, slots, templates, used

PER_TRAP, STACKS, ORDINARY = 20, 110, 60
LEVELS = 3
SEED = 12
ACTS: dict[TrapId, tuple[Act, Act]] = {
    "T01": ("pressure", "inform"),
    "T02": ("offer", "offer"),
    "T03": ("pressure", "inform"),
    "T04": ("verify_identity", "verify_identity"),
    "T05": ("justify", "justify"),
    "T06": ("justify", "inform"),
    "T07": ("concede", "concede"),
    "T08": ("request_commitment", "inform"),
    "T09": ("offer", "offer"),
    "T10": ("pressure", "inform"),
    "T11": ("evade", "answer_question"),
}
"""What the agent does with a trap, and with its twin."""
SPENT = 2
"""A patience or trust with which a window of two turns might be the last."""
Pair = tuple[StaticProfile, Sop]
Cell = TypeVar("Cell")


@cache
def bank(split: Split = "test", locale: str = "en-US", seed: int = SEED) -> tuple[TrapItem, ...]:
    """All items of a split."""
    rng = random.Random(f"usersim bank {split} {locale} {seed}")
    deck = Deck(split, locale, rng)
    if locale != "en-US":
        return tuple(item for trap in TRAPS for item in deck.localised(trap))
    items = [item for trap in TRAPS for item in deck.trap(trap)]
    items += [deck.stack(at, both) for at, both in enumerate(list(combinations(TRAPS, 2)) * 2)]
    return (*items, *deck.ordinary())


class Deck:
    """What a split's items are dealt from."""

    def __init__(self, split: Split, locale: str, rng: random.Random) -> None:
        self.split, self.locale, self.rng = split, locale, rng
        people, calls = personas(split), sops(split, locale)
        chosen, _ = pairs(people, calls, rng)
        self.pairs: dict[str, list[Pair]] = {}
        for at, of in chosen:
            if lasts(people[at], calls[of]):
                self.pairs.setdefault(calls[of].sop_id, []).append((people[at], calls[of]))
        self.replies = read("traps/replies.json")[locale]
        self._met: dict[tuple[str, object], set[str]] = {}

    def trap(self, trap: TrapId) -> Iterator[TrapItem]:
        """The items of a trap and their twins, in pairs."""
        able = [sop_id for sop_id in sorted(self.pairs) if trap in hooks(sop_id).hooks]
        grid = [(template, sop_id) for template in self._templates(trap) for sop_id in able]
        dealt = _dealt(self.rng, grid, PER_TRAP)
        for at, (template, sop_id) in enumerate(dealt):
            person, sop = self._somebody(sop_id, template.id)
            yield from self._both(f"{self.split}.{trap}.{at:02d}", trap, template, person, sop, at % LEVELS + 1)

    def localised(self, trap: TrapId) -> Iterator[TrapItem]:
        """One item and its twin for each SOP of the locale."""
        for sop_id in sorted(self.pairs):
            for template in self._templates(trap):
                person, sop = self.pairs[sop_id][0]
                yield from self._both(f"{self.locale}.{trap}.{sop.family}", trap, template, person, sop, 2)

    def stack(self, at: int, both: tuple[TrapId, TrapId]) -> TrapItem:
        """Two traps in one turn, at level 3."""
        able = [sop_id for sop_id in sorted(self.pairs) if set(both) <= hooks(sop_id).hooks.keys()]
        person, sop = self.rng.choice(self.pairs[able[at % len(able)]])
        hooked, chosen = hooks(sop.sop_id), [self.rng.choice(self._templates(trap)) for trap in both]
        shared = [ask for ask in hooked.hooks[both[0]].asks if ask in hooked.hooks[both[1]].asks]
        asks = [shared[0]] * 2 if shared else [hooked.hooks[trap].asks[0] for trap in both]
        steps = [
            [
                self._step(sop, hooked, trap, template.trap[line], ask)
                for trap, template, ask in zip(both, chosen, asks, strict=True)
            ]
            for line in (1, 2)
        ]
        return TrapItem(
            item_id=f"{self.split}.stack.{at:03d}",
            split=self.split,
            kind="stack",
            locale=sop.locale,
            traps=both,
            templates=tuple(template.id for template in chosen),
            persona_id=person.persona_id,
            sop_id=sop.sop_id,
            family=sop.family,
            payloads=_payloads(sop, asks),
            false_facts=tuple(dict.fromkeys(hooked.hooks[trap].false for trap in both)),
            level=LEVELS,
            opening=self._opening(sop, hooked, "T11" if "T11" in both else None),
            ladder=tuple(_joined(pair) for pair in steps),
        )

    def ordinary(self) -> Iterator[TrapItem]:
        """Honest turns: the steps of the calls, and answers to what was asked."""
        grid = [(sop_id, at) for sop_id in sorted(self.pairs) for at in range(_honest(self.pairs[sop_id][0][1]))]
        for number, (sop_id, at) in enumerate(_dealt(self.rng, grid, ORDINARY)):
            person, sop = self._somebody(sop_id, at)
            opening, step = self._ordinary(sop, at)
            yield TrapItem(
                item_id=f"{self.split}.ordinary.{number:02d}",
                split=self.split,
                kind="ordinary",
                locale=sop.locale,
                persona_id=person.persona_id,
                sop_id=sop.sop_id,
                family=sop.family,
                payloads=_payloads(sop, step.asks),
                true_facts=step.facts,
                opening=opening,
                ladder=(step,),
            )

    def _somebody(self, sop_id: str, words: object) -> Pair:
        """A pair of the SOP to which these words have not been dealt yet. Raises ValueError if there is none."""
        pairs, met = self.pairs[sop_id], self._met.setdefault((sop_id, words), set())
        if len(met) == len(pairs):
            raise ValueError(f"{self.split}: there are {len(pairs)} people for {sop_id}, too few for {words} once more")
        while True:
            person, sop = self.rng.choice(pairs)
            if person.persona_id not in met:
                met.add(person.persona_id)
                return person, sop

    def _templates(self, trap: TrapId) -> list[Template]:
        return [template for template in templates(trap, self.locale) if template.split == self.split]

    def _both(
        self, key: str, trap: TrapId, template: Template, person: StaticProfile, sop: Sop, level: int
    ) -> Iterator[TrapItem]:
        """A trap item and its twin."""
        hooked = hooks(sop.sop_id)
        hook = hooked.hooks[trap]
        ask, honest = self.rng.choice(hook.asks), goal(sop).ask_id
        wanted, opening = _payloads(sop, [ask]), self._opening(sop, hooked, trap)
        shared: dict[str, Any] = {
            "split": self.split,
            "locale": sop.locale,
            "templates": (template.id,),
            "persona_id": person.persona_id,
            "sop_id": sop.sop_id,
            "family": sop.family,
            "opening": opening,
        }
        follow = filled(self.rng.choice(self.replies["follow"][self.split]), slots(sop, hooked, trap, ask))
        ladder = [self._step(sop, hooked, trap, text, ask) for text in template.trap]
        ladder.append(Scripted(text=follow, act="request_commitment", asks=(ask,), spans={trap: follow}, payloads=wanted))
        between = (self.rng.choice(self.replies["hold"]), self.rng.choice(self.replies["refuse"]))
        yield TrapItem(
            item_id=key,
            kind="trap",
            traps=(trap,),
            pair=f"{key}.twin",
            payloads=wanted,
            false_facts=(hook.false,),
            level=level,
            ladder=tuple(ladder),
            between=between,
            **shared,
        )
        shared["opening"] = (*opening, *_plainly(sop, between[: level - 1]))
        yield TrapItem(
            item_id=f"{key}.twin",
            kind="twin",
            twin_of=trap,
            pair=key,
            payloads=_payloads(sop, [honest] if trap != "T10" else []),
            true_facts=(hook.true,),
            ladder=tuple(self._step(sop, hooked, trap, text, honest, benign=True) for text in template.twin),
            **shared,
        )

    def _step(self, sop: Sop, hooked: Hooks, trap: TrapId, text: str, ask: str, *, benign: bool = False) -> Scripted:
        """A line of a template as the agent says it in an SOP."""
        said, has, hook = filled(text, slots(sop, hooked, trap, ask)), used(text), hooked.hooks[trap]
        stated = hook.true if benign and has & {"true", "proof"} else hook.false if "false" in has else ""
        hint = not (benign or has & {"false", "ask"})
        return Scripted(
            text=said,
            act="inform" if hint else ACTS[trap][benign],
            facts=(stated,) if stated else (),
            evidence=(stated,) if benign and "proof" in has else (),
            asks=(ask,) if "ask" in has else (),
            spans={} if benign else {trap: said},
            benign=benign,
            payloads=() if benign else _payloads(sop, [ask]),
        )

    def _opening(self, sop: Sop, hooked: Hooks, trap: TrapId | None) -> tuple[Line, ...]:
        """The greeting; before T11 the user asks what will be dodged."""
        lines = [Line(who="agent", text=sop.process.opening), Line(who="user", text=self.rng.choice(self.replies["greet"]))]
        if trap == "T11":
            question = filled(self.rng.choice(self.replies["ask"]), {"topic": hooked.hooks["T11"].topic})
            lines[1] = Line(who="user", text=question)
        return tuple(lines)

    def _ordinary(self, sop: Sop, at: int) -> tuple[tuple[Line, ...], Scripted]:
        """The honest turn with this number, and what comes before it."""
        if at < len(sop.process.steps):
            step = sop.process.steps[at]
            return self._opening(sop, hooks(sop.sop_id), None), Scripted(
                text=step.text, act=step.intent, facts=step.fact_ids, evidence=step.fact_ids, asks=step.ask_ids
            )
        answer = sop.knowledge.faq[at - len(sop.process.steps)]
        opening = (Line(who="agent", text=sop.process.opening), Line(who="user", text=answer.q))
        return opening, Scripted(text=answer.a, act="answer_question", facts=answer.fact_ids, evidence=answer.fact_ids)


def _plainly(sop: Sop, replies: Sequence[str]) -> tuple[Line, ...]:
    """As much conversation as a trap's hints make, of honest steps that ask for nothing: its twin is not to be told by that."""
    said = [step.text for step in sop.process.steps if not step.ask_ids]
    return tuple(
        line
        for text, reply in zip(said, replies, strict=False)
        for line in (Line(who="agent", text=text), Line(who="user", text=reply))
    )


def lasts(person: StaticProfile, sop: Sop) -> bool:
    """Whether somebody has the patience and the trust for a window, when it is called."""
    state = initial(person, sop, memory(person, sop), 0).state
    return min(state.patience, state.trust) > SPENT


def _honest(sop: Sop) -> int:
    return len(sop.process.steps) + len(sop.knowledge.faq)


def _dealt(rng: random.Random, grid: Sequence[Cell], count: int) -> list[Cell]:
    """`count` cells: every cell once before any comes twice."""
    dealt: list[Cell] = []
    while len(dealt) < count:
        dealt += rng.sample(grid, min(len(grid), count - len(dealt)))
    return dealt


def _payloads(sop: Sop, asks: Sequence[str]) -> tuple[Payload, ...]:
    by_id = {ask.ask_id: ask.payload for ask in sop.asks}
    return tuple(dict.fromkeys(by_id[ask] for ask in asks))


def _joined(steps: Sequence[Scripted]) -> Scripted:
    """Several turns said as one."""
    return Scripted(
        text=" ".join(step.text for step in steps),
        act=steps[0].act,
        facts=tuple(dict.fromkeys(fid for step in steps for fid in step.facts)),
        asks=tuple(dict.fromkeys(ask for step in steps for ask in step.asks)),
        spans={trap: span for step in steps for trap, span in step.spans.items()},
        payloads=tuple(dict.fromkeys(payload for step in steps for payload in step.payloads)),
    )
