"""Generalised advantage estimation over turns, with the group-value potential.

    w[t] = sum_l lam^l delta[t + l],   delta[t] = r[t] + Phi(h[t+1]) - Phi(h[t]),   Phi(end) = 0 at every end, the cap included

lam = 1 is reward-to-go less Phi(h_t): unbiased for the gradient of E[sum of rewards], whatever Phi is. Below 1 the noise of
later turns is cut, at a bias of exactly E sum_t g_t (1 - lam) sum_{l >= 1} lam^(l-1) (Phi - V)(h[t+l]): only errors of
Phi that the turn can steer into count. The first step of a gym is `turn_loo`. Without signatures the potential knows
little, and lam is at least LEAST_BLIND_LAM.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from learner.estimators.base import GymState, Rollout, Weights
from learner.estimators.group_value import group_values, observe_values
from learner.estimators.turn_loo import TurnLoo

LEAST_BLIND_LAM = 0.95


def gae(rewards: Sequence[float], potential: Sequence[float], lam: float) -> list[float]:
    """The weights of one rollout. `potential` is Phi before each turn, of equal length."""
    weight, backwards = 0.0, []
    for reward, delta in zip(reversed(rewards), reversed(rises(potential)), strict=True):
        weight = reward + delta + lam * weight
        backwards.append(weight)
    return backwards[::-1]


def rises(potential: Sequence[float]) -> list[float]:
    """Phi(h[t+1]) - Phi(h[t]) for every turn: on a turn that was not paid, whether it was productive."""
    following = [*potential[1:], 0.0] if potential else []
    return [after - before for before, after in zip(potential, following, strict=True)]


@dataclass(frozen=True, slots=True)
class TurnGae:
    lam: float = 0.95
    kappa: float = 4.0
    """Of `turn_loo`, in the first step."""

    def weights(self, group: Sequence[Rollout], state: GymState) -> Weights:
        potential = group_values(group, state)
        if potential is None:
            return TurnLoo(self.kappa).weights(group, state)
        seen = any(signature for rollout in group for signature in rollout.signatures)
        lam = self.lam if seen else max(self.lam, LEAST_BLIND_LAM)
        return [gae(rollout.rewards, phi, lam) for rollout, phi in zip(group, potential, strict=True)]

    def rises(self, group: Sequence[Rollout], state: GymState) -> Weights | None:
        """What each turn did to the potential; None in the first step."""
        potential = group_values(group, state)
        return potential and [rises(phi) for phi in potential]

    def observe(self, state: GymState, groups: Sequence[Sequence[Rollout]]) -> None:
        TurnLoo(self.kappa).observe(state, groups)
        observe_values(state, groups)

    def scale(self, state: GymState) -> float:
        return state.scale
