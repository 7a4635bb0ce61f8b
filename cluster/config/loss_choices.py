"""Whether the settings of the loss fit each other: none may be there without effect, or against what its loss is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from cluster.errors import UserError
from learner.config import START

if TYPE_CHECKING:
    from cluster.config import Config


def check(config: Config) -> None:
    """Raise UserError at the first setting that the loss would not heed."""
    learner, kl = config.learner, config.learner.kl
    if learner.loss == "dr_grpo":
        _dr_grpo(config)
    if learner.loss == "cispo" and learner.dual_clip is not None:
        raise UserError(
            f"learner.dual_clip is {learner.dual_clip}: cispo bounds the ratio for either sign of the advantage; set it to "
            f"null and the bound as learner.clip=[1, {learner.dual_clip - 1:g}]."
        )
    if _changed(learner, "constant_tokens") and learner.denominator != "constant":
        raise UserError(
            f"learner.constant_tokens is {learner.constant_tokens}: the loss divides by another denominator; leave it out, "
            f"or set learner.aggregate=constant."
        )
    if _changed(kl, "kind") and not kl.coef:
        raise UserError(f"learner.kl.kind is {kl.kind!r}: learner.kl.coef is 0, so no KL is estimated; set it to 0.001.")
    if kl.to != START and not kl.coef:
        raise UserError(f"learner.kl.to is {kl.to!r}: learner.kl.coef is 0, so nothing pulls there; set it to 0.001.")


def _changed(section: BaseModel, key: str) -> bool:
    """Whether a key has another value than its default: a resolved configuration gives every key."""
    return bool(getattr(section, key) != type(section).model_fields[key].default)


def _dr_grpo(config: Config) -> None:
    aggregate, estimator = config.learner.aggregate, config.rewards.estimator
    if aggregate not in (None, "constant"):
        raise UserError(
            f"learner.aggregate is {aggregate!r}: a constant denominator is what dr_grpo is; set it to constant, or "
            f"learner.loss to grpo."
        )
    if estimator == "userrl":
        raise UserError(
            f"rewards.estimator is {estimator!r}: it divides by the group's standard deviation, which dr_grpo leaves out; set "
            f"it to traj_loo, or learner.loss to grpo."
        )
