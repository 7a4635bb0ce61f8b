"""Dr. GRPO (Liu et al., arXiv 2503.20783): the surrogate of `grpo` over a denominator that no rollout can change.

Token by token it is `grpo`. What sets it apart is what the sum is divided by: trajectories times
`learner.constant_tokens`. A mean over the own tokens makes long failures cheap, and the tokens of all rollouts are a
random denominator; both depend on the actions, a constant does not, so the gradient is exactly that of the expected
reward. The constant is a unit of the step size and nothing more.

The other half of the method, no division by the group's std, is the estimator's: `traj_loo` and `turn_loo` do not
divide, and `userrl`, which does, is refused with this loss.
"""

from __future__ import annotations

from learner.losses.grpo import NEEDS_OLD, loss, trained

__all__ = ["NEEDS_OLD", "loss", "trained"]
