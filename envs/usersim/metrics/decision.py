"""How a call ended, and what the user decided in it.

| ending | |
|---|---|
| a reason of section 5.5 | the user ended it, and the reason held |
| `premature` | the user ended it, and its reason, if it gave one, did not hold |
| `overstay` | for three turns there was nothing left to stay for, and the line was cut |
| `cut_off` | the SOP's last turn was reached |

| decision | the first of these that is so |
|---|---|
| `agreed` | the user committed to something |
| `refused` | the user refused at least once |
| `left` | it hung up out of patience or trust, or without a reason that held |
| `open` | nothing was settled |
"""

from __future__ import annotations

from typing import Literal, get_args

from envs.usersim.schema.dynamic_profile import DynamicProfile
from envs.usersim.schema.enums import END_REASONS, EndReason

Unreasoned = Literal["premature", "overstay", "cut_off"]
Ending = EndReason | Unreasoned
ENDINGS: tuple[Ending, ...] = (*END_REASONS, *get_args(Unreasoned))
Decision = Literal["agreed", "refused", "left", "open"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
LEFT: tuple[EndReason, ...] = ("patience_out", "trust_out")


def ending(how: str, after: DynamicProfile) -> Ending:
    """`how` is the gym's: `legal`, `premature`, `overstay`, or empty for a call that was cut off. Raises ValueError for
    anything else, and for a legal end without a reason."""
    told = after.clock.ended if how == "legal" else how or "cut_off"
    found = next((ending for ending in ENDINGS if ending == told), None)
    if found is None or (how == "legal" and found not in END_REASONS):
        raise ValueError(f"a call that ended rightly has a reason, not {told!r}")
    return found


def decision(how: str, after: DynamicProfile) -> Decision:
    """See the module."""
    if after.ledgers.commitments:
        return "agreed"
    if after.ledgers.refusals:
        return "refused"
    return "left" if how == "premature" or after.clock.ended in LEFT else "open"
