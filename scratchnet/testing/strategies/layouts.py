"""Ways in which an array can lie in memory.

A layout is a function from an array to one of the same shape, dtype and device that
lies otherwise. All are views of NumPy or PyTorch arrays that were just filled, so that
nobody else's memory is touched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from array_api_compat import array_namespace, device
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Array = Any
Layout = Callable[[Array], Array]


def contiguous(x: Array, /) -> Array:
    """X as it is."""
    return x


def transposed(x: Array, /) -> Array:
    """X with its *first* axis contiguous, as a transposed array lies."""
    axes = tuple(reversed(range(x.ndim)))
    lying = _empty(x, tuple(reversed(x.shape)))
    return _filled(array_namespace(x).permute_dims(lying, axes), x)


def strided(x: Array, /) -> Array:
    """X as every other element, from the second on, of an array twice its size."""
    return _filled(_empty(x, (*x.shape, 2))[..., 1], x)


def repeated(x: Array, /) -> Array:
    """The first row of x, repeated with stride 0: the one that changes values."""
    return array_namespace(x).broadcast_to(x[:1, ...], x.shape) if x.ndim else x


LAYOUTS: tuple[Layout, ...] = (contiguous, transposed, strided, repeated)


def layouts() -> SearchStrategy[Layout]:
    """Layouts of NumPy and PyTorch arrays. Shrinks to the array as it is."""
    return st.sampled_from(LAYOUTS)


def _empty(x: Array, shape: tuple[int, ...]) -> Array:
    # Ones, not memory as it was: nothing random may leak into a test.
    return array_namespace(x).ones(shape, dtype=x.dtype, device=device(x))


def _filled(view: Array, x: Array) -> Array:
    view[...] = x
    return view
