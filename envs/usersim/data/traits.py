"""What follows from a person's character: money, bargaining, and how likely an untrained person of this kind yields to a trap.

The weights are our estimates, in the direction that the literature on compliance agrees on; they calibrate realism and enter no
reward.
"""

from __future__ import annotations

import random
from typing import Any

BANDS = {"low": 0.9, "modest": 0.75, "middle": 0.5, "high": 0.3}
"""Price sensitivity by income."""
STYLES = ("competing", "collaborating", "compromising", "avoiding", "accommodating")


def economic(big5: dict[str, float], band: str) -> dict[str, float]:
    """Shares in [0, 1]."""
    return {
        "price_sensitivity": _share(BANDS.get(band, 0.6)),
        "risk_aversion": _share(0.3 + 0.5 * big5["N"] + 0.2 * (1 - big5["O"])),
        "saving_habit": _share(0.2 + 0.7 * big5["C"]),
        "deal_proneness": _share(0.2 + 0.4 * big5["E"] + 0.3 * (1 - big5["C"])),
    }


def negotiation(big5: dict[str, float], rng: random.Random) -> dict[str, Any]:
    """Style, concession exponent, suspicion and what was learned from scams."""
    scams = rng.choices((0, 1, 2, 3), (5, 3, 1, 1))[0]
    if big5["A"] < 0.4:
        style = "competing" if big5["E"] >= 0.5 else "avoiding"
    elif big5["A"] > 0.65:
        style = "collaborating" if big5["O"] >= 0.5 else "accommodating"
    else:
        style = "compromising"
    return {
        "style": style,
        "beta": round(min(max(0.4 + 1.8 * big5["A"] + rng.gauss(0, 0.2), 0.3), 3.0), 2),
        "suspicion": _share(0.6 - 0.5 * big5["A"] + 0.15 * scams + 0.2 * big5["N"] - 0.1),
        "scam_experience": scams,
    }


def susceptibility(big5: dict[str, float], negotiating: dict[str, Any], literacy: int) -> dict[str, float]:
    """By trap."""
    guard = 0.4 * negotiating["suspicion"] + 0.05 * literacy
    leaning = {
        "T01": 0.5 * big5["N"] + 0.3,
        "T02": 0.7 - 0.5 * big5["C"],
        "T03": 0.3 + 0.4 * big5["C"],
        "T04": 0.4 + 0.3 * big5["A"],
        "T05": 0.5 + 0.3 * big5["A"] - 0.3 * big5["O"],
        "T06": 0.3 + 0.4 * big5["E"],
        "T07": 0.3 + 0.5 * big5["A"],
        "T08": 0.45 + 0.4 * big5["A"],
        "T09": 0.5 - 0.2 * big5["O"],
        "T10": 0.2 + 0.6 * big5["N"],
        "T11": 0.6 - 0.4 * big5["C"],
    }
    return {trap: _share(0.3 + value - guard) for trap, value in leaning.items()}


def _share(value: float) -> float:
    return round(min(max(value, 0.0), 1.0), 2)
