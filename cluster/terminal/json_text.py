"""JSON that every reader takes and every terminal can show: one line of ASCII, without NaN and control characters."""

from __future__ import annotations

import json
import math
from typing import Any


def dumps(data: Any) -> str:
    """The data as JSON; a number that is none (NaN, infinity) is null."""
    return json.dumps(_finite(data), allow_nan=False)


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
