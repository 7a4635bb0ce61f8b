"""What words come to, whatever is declared of them: a yes, a no, or what a move needs. English and Chinese, by rule.

- `says_yes`: agrees to what was asked or offered;
- `refuses`: turns it down;
- `carries`: does what a declared move says.

How good the rules are is measured on sentences of their own (`tests/envs/usersim_stance_cases.py`, docs/usersim.md).
Invariants: precision before recall; linear time; names of people and firms are to be taken out before (`Scene.plain`).
"""

from envs.usersim.stance.carrying import carries
from envs.usersim.stance.stance import refuses, says_yes

__all__ = ["carries", "refuses", "says_yes"]
