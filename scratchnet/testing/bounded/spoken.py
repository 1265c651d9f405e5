"""The code that runs on bound-carrying arrays: which library it is written for.

NumPy and PyTorch mean different things by some names: the inputs tell which one it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

#: None outside of such code, empty where the library is not known.
_library: ContextVar[str | None] = ContextVar("library", default=None)


@contextmanager
def spoken(library: str, /) -> Iterator[None]:
    """Take code for one of this library; empty where that is not known.

    NumPy's floating-point warnings are no verdict: a correct log-softmax warns on rows
    of -inf.
    """
    token = _library.set(library)
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        _library.reset(token)


def is_quiet() -> bool:
    """Whether NumPy was already told not to warn, inside `spoken()`."""
    return _library.get() is not None


def language() -> str:
    """The library, or an empty string where it is not known."""
    return _library.get() or ""


def is_torch() -> bool:
    """Whether the code is PyTorch's; where it is not known, it counts as NumPy's."""
    return _library.get() == "torch"
