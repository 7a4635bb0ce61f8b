"""Lets vLLM start in a process that has imported llvmlite (numba and bm25s do).

On its way up vLLM 0.32 reads `vars()` of everything that is imported. llvmlite's handle of its library has no `__dict__`, but
looks every name up in the library, answers that one with a function too, and vLLM breaks on it.
"""

from __future__ import annotations

import sys
from typing import Any

BINDING = "llvmlite.binding.ffi"


def hide_library() -> None:
    """Make the handle say that it has no attributes but those of the library; nothing where llvmlite is not imported."""
    binding = sys.modules.get(BINDING)
    handle: Any = type(getattr(binding, "lib", None))
    if binding is None or getattr(handle, "__getattr__", None) in (None, _honest):
        return
    _LOOKUP[handle] = handle.__getattr__
    handle.__getattr__ = _honest


_LOOKUP: dict[type, Any] = {}


def _honest(self: Any, name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _LOOKUP[type(self)](self, name)
