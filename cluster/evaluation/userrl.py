"""`--report userrl`: the numbers that UserRL publishes, by its rules (`analyze.py`, arXiv 2509.19736).

- The score of an item is the mean over its passes of the sum of its turn rewards. It is not normalised: IntentionGym's may be
  far above 1, and PersuadeGym's too where oscillation pays.
- TravelGym: per pass, the best answer to each aspect, summed, over the number of the task's aspects; the mean over passes. All
  travel sets are one. So neither searches nor elicited wishes count. UserRL tells aspects apart by the first character of
  an answer; here an answer by value has none, and the gym settles an aspect by its first answer, so that is the episode's
  score: 1, .8 or 0 for what an answer is worth, whatever its turn was paid.
- Overall is the mean over gyms, weighted by their items.

One rule is ours: a pass that failed is left out and counted, where UserRL takes the rewards so far for its score. To have its
rewards as well, play with the gyms' preset `userrl` or `userrl_eval`.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from cluster.evaluation.results import Result, grouped
from cluster.record.statistics import bootstrap_mean

TRAVEL = "TravelGym"


def userrl(results: Sequence[Result], seed: int) -> list[dict[str, Any]]:
    """Of every agent, user and way of playing: gym -> score with interval, items; and overall."""
    found = []
    for (agent, user, how), own in grouped(results, lambda each: (each.agent, each.user, each.how)).items():
        items = {item: fmean(map(pass_score, passes)) for item, passes in _scored(own).items()}
        gyms = {gym: [items[item] for item in of_gym] for gym, of_gym in sorted(grouped(items, lambda item: item[0]).items())}
        if not gyms:
            continue
        found.append(
            {
                **{"agent": agent, "user": user, "how": how},
                "gyms": {gym: bootstrap_mean(scores, seed) for gym, scores in gyms.items()},
                "overall": bootstrap_mean([score for scores in gyms.values() for score in scores], seed),
                "masked": sum(not each.ok for each in own),
            }
        )
    return found


def pass_score(result: Result) -> float:
    """What one pass of an item scores."""
    return result.score if result.gym == TRAVEL else sum(result.turn_rewards)


def _scored(results: Sequence[Result]) -> dict[tuple[str, str], list[Result]]:
    return grouped((each for each in results if each.ok), lambda each: each.item)
