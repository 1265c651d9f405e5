"""Which library the code that runs on bound-carrying arrays is written for.

NumPy and PyTorch mean different things by some names: the inputs tell which one it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_library: ContextVar[str] = ContextVar("library", default="")


@contextmanager
def spoken(library: str, /) -> Iterator[None]:
    """Take code for one of this library; empty where that is not known."""
    token = _library.set(library)
    try:
        yield
    finally:
        _library.reset(token)


def language() -> str:
    """The library, or an empty string where it is not known."""
    return _library.get()


def is_torch() -> bool:
    """Whether the code is PyTorch's; where it is not known, it counts as NumPy's."""
    return language() == "torch"
