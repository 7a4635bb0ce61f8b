"""How a judge's error goes with what should not matter: how long a text is, who wrote it, what the judge was shown.

Ordinary least squares with an intercept; intervals by the standard errors that allow for unequal variances (HC1: H. White,
"A heteroskedasticity-consistent covariance matrix estimator", 1980).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rewards.agreement import Interval

Z = 1.959964
"""Of a 95 % interval."""


def slopes(errors: Sequence[float], covariates: Mapping[str, Sequence[float]]) -> dict[str, Interval]:
    """The slope of `errors` along each covariate, the others held. Shapes: [n] each.

    Raises ValueError, with the reason, where a slope is not determined.
    """
    design = np.column_stack([np.ones(len(errors)), *(np.asarray(column, dtype=np.float64) for column in covariates.values())])
    count, width = design.shape
    if count <= width:
        raise ValueError(f"{count} items are too few for {width - 1} slopes")
    if constant := [name for name, column in covariates.items() if len(set(column)) == 1]:
        raise ValueError(f"{constant[0]} is the same in all items")
    scaled = design / np.abs(design).max(axis=0)
    if np.linalg.matrix_rank(scaled) < width:
        raise ValueError(f"{', '.join(covariates)} cannot be told apart")
    inverse = np.linalg.inv(design.T @ design)
    fitted = inverse @ design.T @ np.asarray(errors, dtype=np.float64)
    residuals = np.asarray(errors) - design @ fitted
    meat = (design * residuals[:, None] ** 2).T @ design
    spread = Z * np.sqrt(np.diag(inverse @ meat @ inverse) * count / (count - width))
    return {
        name: Interval(float(value), float(value - half), float(value + half))
        for name, value, half in zip(covariates, fitted[1:], spread[1:], strict=True)
    }
