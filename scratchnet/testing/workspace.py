"""The workspace of cuBLAS, a variable of the environment that products depend on.

cuBLAS reads it when it is first used: it has to be set before. Two of its values make
products the same from run to run (documented with cuBLAS, "Results reproducibility").
Importing this imports nothing heavy.
"""

from __future__ import annotations

import os

_VARIABLE = "CUBLAS_WORKSPACE_CONFIG"
_REPRODUCIBLE = (":4096:8", ":16:8")


def workspace() -> str:
    """What it is pinned to: what it is set to, where that is reproducible."""
    now = workspace_now()
    return now if now in _REPRODUCIBLE else _REPRODUCIBLE[0]


def workspace_now() -> str:
    """What it is set to; empty where it is not set."""
    return os.environ.get(_VARIABLE, "")


def set_workspace(value: str, /) -> None:
    """Set it; an empty value unsets it."""
    if value:
        os.environ[_VARIABLE] = value
    else:
        os.environ.pop(_VARIABLE, None)
