"""The acceptance checks of the data: sections 3.2, 4.2, 5.2 and 7 of the specification, as far as rules can check it.

`report()` runs all of them and says what was accepted, what rejected, and why. What is shipped has no rejection but those of
candidates (S1), pairs (S3) and starts (S4), which are what generators are for. Checks that need a model or person (entailment,
LLM lint, human audit) are not here, and nothing pretends that they ran. `python -m envs.usersim.data.checks` prints it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, product
from typing import NamedTuple

from envs.usersim.data.dry_run import Run, runs
from envs.usersim.data.goals import bare_sop, goals, remembered
from envs.usersim.data.memory import memory
from envs.usersim.data.pairs import implausible
from envs.usersim.data.personas import COUNT, SEED, Rejected, generate, personas
from envs.usersim.data.sop_checks import count_objections, localised_objections, sop_objections
from envs.usersim.data.sops import SPLITS, Split, hooks, sop, sops
from envs.usersim.loader import DRAWS, FIRST_PATIENCE, FIRST_TRUST
from envs.usersim.schema.dynamic_profile import MemoryItem
from envs.usersim.schema.sop import Sop
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.state.initial import initial
from envs.usersim.traps.bank import bank
from envs.usersim.traps.checks import item_objections, repeats, template_objections
from envs.usersim.traps.item import TrapItem
from envs.usersim.traps.templates import every

DRY_RUNS = 5
"""Calls of an SOP with an honest agent."""
ENOUGH = 0.5
"""The share of them that has to succeed: impatient and wary people hang up on honest agents, too."""


class Stage(NamedTuple):
    """What a stage let through and what not."""

    stage: str
    accepted: int
    rejected: tuple[Rejected, ...]

    @property
    def reasons(self) -> dict[str, int]:
        """How often each rule was broken; a rejection may break several."""
        return dict(Counter(part.split(":")[0] for one in self.rejected for part in one.reason.split("; ")))


def report() -> tuple[Stage, ...]:
    """All stages."""
    people, turned_down = generate(COUNT, SEED)
    items = [item for split in SPLITS for item in bank(split)] + list(bank("test", "zh-CN"))
    return (
        Stage("S1 personas", len(people), turned_down),
        _stage("S1 names", name_objections({split: personas(split) for split in SPLITS})),
        _stage("S2 SOPs", ((one.sop_id, sop_objections(one, hooks(one.sop_id))) for one in sops(None, None))),
        _stage(
            "S2 localised SOPs", ((one.sop_id, localised_objections(one, _original(one.sop_id))) for one in sops(None, "zh-CN"))
        ),
        _stage("S2 dry runs", ((one.sop_id, dry_run_objections(runs(one, DRY_RUNS))) for one in sops(None, None))),
        _pairs(),
        _stage("S4 starts", _starts()),
        _stage("S5 templates", ((one.id, template_objections(one)) for one in (*every(), *every("zh-CN")))),
        _stage("S5 trap bank", bank_objections(items)),
    )


def name_objections(people: Mapping[Split, Sequence[StaticProfile]]) -> Iterator[tuple[str, list[str]]]:
    """Of everybody, the id and why the name is not accepted: a name belongs to one split."""
    splits: dict[str | None, set[Split]] = {}
    for split, own in people.items():
        for person in own:
            splits.setdefault(person.background.name, set()).add(split)
    for person in chain.from_iterable(people.values()):
        name = person.background.name
        yield person.persona_id, [f"name: {name} is in {' and '.join(sorted(splits[name]))}"] if len(splits[name]) > 1 else []


def bank_objections(items: Sequence[TrapItem]) -> Iterator[tuple[str, list[str]]]:
    """Of every item, its id and why it is not accepted."""
    again = repeats(items)
    for item in items:
        earlier = again.get(item.item_id)
        yield item.item_id, item_objections(item) + ([f"repeat: of {earlier}"] if earlier else [])


def dry_run_objections(calls: Sequence[Run]) -> list[str]:
    """Why an SOP is not accepted after its dry runs; empty if it is."""
    succeeded = sum(call.success for call in calls)
    ends = ", ".join(str(call.ended) for call in calls if not call.success)
    return [] if succeeded >= ENOUGH * max(len(calls), 1) else [f"dry run: {succeeded} of {len(calls)}, otherwise {ends}"]


def _original(sop_id: str) -> Sop:
    return sop(sop_id.rpartition(".")[0])


def _pairs() -> Stage:
    """Every persona with every SOP of its split."""
    tried = [(person, call) for split in SPLITS for person in personas(split) for call in sops(split)]
    found = [(f"{person.persona_id} {call.sop_id}", implausible(person, call)) for person, call in tried]
    return _stage("S3 pairs", ((key, [f"implausible: {reason}"] if reason else []) for key, reason in found))


def start_objections(person: StaticProfile, call: Sop, memories: tuple[MemoryItem, ...]) -> list[str]:
    """Why no call begins between the two; empty if one does. Drawn as calls are (`envs.usersim.loader`)."""
    try:
        starts = [initial(person, call, memories, seed) for seed in range(DRAWS)]
    except ValueError as error:
        return [f"invalid: {error}"]
    found = list(count_objections(starts[0].target_list))
    talks = any(start.state.trust >= FIRST_TRUST and start.state.patience >= FIRST_PATIENCE for start in starts)
    return found if talks else [*found, f"hangs up: at once, in {DRAWS} draws"]


def _starts() -> Iterator[tuple[str, list[str]]]:
    """Of every plausible pair, and of every person of `test` with every goal."""
    for split in SPLITS:
        for person, call in product(personas(split), sops(split)):
            if not implausible(person, call):
                yield f"{person.persona_id} {call.sop_id}", start_objections(person, call, memory(person, call))
    for goal in goals():
        call = bare_sop(goal)
        for person in personas("test"):
            yield f"{person.persona_id} {call.sop_id}", start_objections(person, call, remembered(person, goal))


def _stage(name: str, found: Iterable[tuple[str, list[str]]]) -> Stage:
    listed = list(found)
    rejected = tuple(Rejected(key, "; ".join(objections)) for key, objections in listed if objections)
    return Stage(name, len(listed) - len(rejected), rejected)


if __name__ == "__main__":
    for stage in report():
        print(f"{stage.stage}: {stage.accepted} accepted, {len(stage.rejected)} rejected {stage.reasons or ''}".rstrip())
