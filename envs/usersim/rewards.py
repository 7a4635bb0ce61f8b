"""The rule rewards of a user's turn, and how they become one number. Sections 9 and 10.4 of the specification.

Pure functions of a parsed trace and the state before and after it; `turn_rewards` puts them together. All but `over` and
`outcome` are in [0, 1]. No word of the agent and no name enters any of them but through the truth table: lengths
and n-grams are of texts in which every name of the call is the same word.

Reading of what the specification leaves open
- R_field: `d` counts as reasoned if a value moves, as the grammar makes `<update>` say why; a concern was addressed if the
  agent stated a fact that a live concern waits for; memory or persona is cited in the thoughts (`cites`).
- A form of turn without thoughts (`short`) is asked for none: R_len is L_ans then, and R_field a share of three.
- R_state is 0 for E16 and E18, but a turn with either is hard and has no trace: there is nothing left to test for.
- Without a rubric its part is missing, and not made up for: an outcome weighs against the rules what it weighs with one, and is
  not clipped away at the top. The best turn is worth 0.45 then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import exp, log

from envs.usersim.rubric.dimensions import PAPER
from envs.usersim.rubric.dimensions import WEIGHTS as RUBRIC_WEIGHTS
from envs.usersim.schema.dynamic_profile import DynamicProfile
from envs.usersim.schema.ledger import Ledgers
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.state.similarity import jaccard, tokens
from envs.usersim.trace.errors import Level
from envs.usersim.trace.trace import Thoughts, Trace
from envs.usersim.trace.units import units
from envs.usersim.words import Names

WEIGHTS = {"fmt": 0.30, "field": 0.10, "len": 0.20, "state": 0.20, "ledger": 0.10, "rep": 0.10}
"""Of R_rule."""
RUBRIC = 0.7
"""The rubric's share, where there is one."""
SPREAD = 0.45
FREE = 0.35
"""How far from the target, in log units, an utterance's length costs nothing; also the repetition that is free."""
LONGEST, BUFFER = 1024, 256
"""Tokens of a turn, and how many of them the linear penalty takes to grow. A unit counts as one: a gym knows no tokenizer."""
MOST_OVER = 0.5
CHILD_UNITS = 8
CITE_EVERY = 3
CITED = 3
"""So many words of a memory item, of four letters or more, make a citation; half of them, if it has fewer."""
HACKED = 0.2
BROKEN = {Level.FATAL: -1.0, Level.HARD: -0.5}


@dataclass(frozen=True, slots=True)
class RuleRewards:
    """Each by its name in the specification, R_ left out."""

    fmt: float
    field: float
    len: float
    state: float
    ledger: float
    rep: float
    minlen: float
    """The paper's. Neither this nor `over`, which is 0 to -0.5, is part of R_rule."""
    over: float

    def parts(self) -> dict[str, float]:
        """By name."""
        return asdict(self)

    @property
    def total(self) -> float:
        """R_rule."""
        parts = self.parts()
        return sum(weight * parts[name] for name, weight in WEIGHTS.items())


def r_fmt(level: Level, soft: int) -> float:
    """How well-formed a turn is; `soft`: its soft errors."""
    return max(0.5, 1 - 0.1 * soft) if level < Level.HARD else 0.0


def l_think(length: int) -> float:
    """Of a thought's length in units: rises to 60, falls from 250 to 600."""
    if length < 60:
        return length / 60
    return 1.0 if length <= 250 else max(1 - (length - 250) / 350, 0.0)


def r_minlen(length: int) -> float:
    """The paper's: a thought of 60 units is long enough, and none too long."""
    return min(length / 60, 1.0)


def l_ans(length: int, target: float) -> float:
    """Of an utterance's length against the persona's, both in units of 1 or more; 0 for no units at all."""
    if length < 1:
        return 0.0
    excess = max(0.0, abs(log(length) - log(target)) - FREE)
    return exp(-(excess**2) / (2 * SPREAD**2))


def r_len(thought: int, answer: int, target: float) -> float:
    """Both lengths, in units."""
    return 0.6 * l_think(thought) + 0.4 * l_ans(answer, target)


def p_over(length: float) -> float:
    """The penalty for the length of what a turn thinks and says: 0 to -0.5, added to the total. Its state has other limits."""
    return -MOST_OVER * min(max((length - (LONGEST - BUFFER)) / BUFFER, 0.0), 1.0)


def r_rep(rho: float) -> float:
    """Of the greatest 4-gram Jaccard with an earlier utterance of one's own."""
    return 1 - max(0.0, (rho - FREE) / (1 - FREE))


def r_field(trace: Trace, addressed: bool, cited_lately: bool) -> float:
    """The share of the required things that are there."""
    there = [any(trace.delta.d.values()), bool(trace.touched) or not addressed, bool(trace.move)]
    if any(trace.thoughts):
        there += [all(units(child) >= CHILD_UNITS for child in trace.thoughts), cited_lately]
    return sum(there) / len(there)


def r_ledger(after: Ledgers, turn: int) -> float:
    """Of what a turn has entered: half is lost for what was not declared, half for telling or accepting too much."""
    told = [entry for entry in after.disclosures if entry.turn == turn]
    made = [entry for entry in after.commitments if entry.turn == turn]
    undeclared = any(entry.undeclared for entry in told) or any(entry.undeclared for entry in made)
    too_much = any(entry.excess for entry in told) or any(entry.breach for entry in made)
    return 1 - 0.5 * undeclared - 0.5 * too_much


def addressed(before: DynamicProfile, after: DynamicProfile) -> bool:
    """Whether the agent's turn said something that a live concern waited for."""
    was = {concern.id: concern for concern in before.target_list}
    return any(
        concern.id in was and (concern.heard != was[concern.id].heard or concern.answered > was[concern.id].answered)
        for concern in after.target_list
    )


def cites(thoughts: Thoughts, persona: StaticProfile, profile: DynamicProfile) -> bool:
    """Whether a thought refers to the person: a memory item by id or by some of its words, a hard fact or a phrase verbatim."""
    said = " ".join(thoughts)
    words, folded = set(tokens(said)), said.casefold()
    own = [*persona.expression.phrases, *(fact.value for fact in persona.hard_facts)]
    if any(len(text) > 3 and text.casefold() in folded for text in own):
        return True
    return any(item.mid in words or _shares(item.text, words) for item in profile.scenario_memory)


def turn_rewards(
    trace: Trace,
    soft: int,
    persona: StaticProfile,
    before: DynamicProfile,
    after: DynamicProfile,
    v_state: float,
    earlier: Sequence[str],
    cited_lately: bool,
    names: Names,
) -> RuleRewards:
    """All of them. `soft`: soft errors; `earlier`: the user's own utterances before; `cited_lately`: in one of the last three
    turns, this one included; `names`: those that play no part."""
    level = Level.SOFT if soft else Level.OK
    trace = replace(trace, thoughts=Thoughts(*map(names.without, trace.thoughts)), answer=names.without(trace.answer))
    answer, target = units(trace.answer), persona.expression.verbosity_units
    thought = units(" ".join(trace.thoughts))
    return RuleRewards(
        fmt=r_fmt(level, soft),
        field=r_field(trace, addressed(before, after), cited_lately),
        len=r_len(thought, answer, target) if any(trace.thoughts) else l_ans(answer, target),
        state=v_state,
        ledger=r_ledger(after.ledgers, after.turn),
        rep=r_rep(max((jaccard(trace.answer, names.without(said)) for said in earlier), default=0.0)),
        minlen=r_minlen(thought),
        over=p_over(units(" ".join([*trace.thoughts, trace.answer]))),
    )


def composed(
    level: Level, rule: float, outcome: float, rubric: float | None = None, over: float = 0.0, hack: bool = False
) -> float:
    """R of a turn, in [-1, 1]. A broken turn has its own value and is asked for nothing else."""
    if level in BROKEN:
        return BROKEN[level]
    judged = (1 - RUBRIC) * rule + RUBRIC * (rubric or 0.0)
    return min(max(judged + outcome + over - HACKED * hack, -1.0), 1.0)


def r_rub(shares: Mapping[str, float]) -> float:
    """R_rub of all six dimensions, each in [0, 1]."""
    return sum(weight * shares[dimension] for dimension, weight in RUBRIC_WEIGHTS.items())


def paper(parts: RuleRewards, shares: Mapping[str, float]) -> float:
    """R of the `paper` preset: format, minimum length, fields, and the mean of the paper's four dimensions, where there is a
    rubric; 0 to 4. A broken turn has none of it."""
    judged = sum(shares[dimension] for dimension in PAPER) / len(PAPER) if shares else 0.0
    return parts.fmt + parts.minlen + parts.field + judged


def _shares(text: str, words: set[str]) -> bool:
    telling = {word for word in tokens(text) if len(word) > 3 or not word.isascii()}
    return bool(telling) and len(telling & words) >= min(CITED, (len(telling) + 1) // 2)
