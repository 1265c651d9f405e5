"""Ways in which an array can lie in memory.

A layout is a function from an array to one of the same values, shape, dtype and device
that lies otherwise. All are views of arrays that were just filled, or of the array
itself: nobody else's memory is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from array_api_compat import array_namespace, device
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from scratchnet.testing.strategies.requirements import require_one_of

Array = Any
Layout = Callable[[Array], Array]


def contiguous(x: Array, /) -> Array:
    """X as it is."""
    return x


def transposed(x: Array, /) -> Array:
    """X with its *first* axis contiguous, as a transposed array lies."""
    axes = tuple(reversed(range(x.ndim)))
    lying = _new(x, tuple(reversed(x.shape)))
    return _filled(array_namespace(x).permute_dims(lying, axes), x)


def strided(x: Array, /) -> Array:
    """X as every other element, from the second on, of an array twice its size."""
    return _filled(_new(x, (*x.shape, 2))[..., 1], x)


def offset(x: Array, /) -> Array:
    """X without gaps, but behind one more row than it has."""
    rows = (x.shape[0] + 1, *x.shape[1:]) if x.ndim else (2,)
    return _filled(_new(x, rows)[1:, ...] if x.ndim else _new(x, rows)[1, ...], x)


def expanded(x: Array, /) -> Array:
    """X as its first row with stride 0, if all its rows are the same; else as it is."""
    if not x.ndim or x.shape[0] < 2:
        return x
    wide = array_namespace(x).broadcast_to(x[:1, ...], x.shape)
    return wide if _same(x, wide) else x


def backwards(x: Array, /) -> Array:
    """X with negative strides, from the end of its memory: NumPy only."""
    if not x.ndim:
        return x
    return _filled(_new(x, x.shape)[(slice(None, None, -1),) * x.ndim], x)


def read_only(x: Array, /) -> Array:
    """X as it is, but that assigning to it raises: NumPy only."""
    view = x.view()
    view.flags.writeable = False
    return view


def repeated(x: Array, /) -> Array:
    """The first row of x as every row: values that `expanded` lays with stride 0."""
    return _filled(_new(x, x.shape), x[:1, ...]) if x.ndim else x


#: Those of any library, the simplest first.
LAYOUTS: tuple[Layout, ...] = (contiguous, strided, transposed, expanded, offset)
#: Those of each library, by the name that targets have.
OF_LIBRARY: Mapping[str, tuple[Layout, ...]] = MappingProxyType(
    {
        "numpy": (*LAYOUTS, backwards, read_only),
        "torch": LAYOUTS,
        "strict": LAYOUTS,
        "simulated": LAYOUTS,
    }
)


#: How often each is drawn: mostly such as leave gaps, which is what code trips over.
_WEIGHTS = {contiguous: 2, offset: 1, read_only: 1, expanded: 2, strided: 5} | (
    dict.fromkeys((transposed, backwards), 3)
)


def layouts(*, library: str | None = None) -> SearchStrategy[Layout]:
    """Layouts of arrays of a library, or those that all have. Shrinks to `contiguous`.

    library: numpy, torch, strict or simulated. Raises ArgumentError for another.
    """
    return st.sampled_from(layouts_of(library, where="layouts"))


def layouts_of(library: str | None, /, *, where: str) -> tuple[Layout, ...]:
    """The layouts themselves, each as often as it is to be drawn."""
    if library is not None:
        require_one_of(where, OF_LIBRARY, library=library)
    known = LAYOUTS if library is None else OF_LIBRARY[library]
    return tuple(layout for layout in known for _ in range(_WEIGHTS[layout]))


def _new(x: Array, shape: tuple[int, ...]) -> Array:
    # Ones, not memory as it was: nothing random may leak into a test.
    return array_namespace(x).ones(shape, dtype=x.dtype, device=device(x))


def _filled(view: Array, x: Array) -> Array:
    view[...] = x
    return view


def _same(x: Array, y: Array) -> bool:
    """Whether both have the same values, signs of zeros included; NaN is like NaN."""
    xp = array_namespace(x)
    same = x == y
    if xp.isdtype(x.dtype, "real floating"):
        signs = xp.signbit(x) == xp.signbit(y)
        same = (same & signs) | ((x != x) & (y != y))
    return bool(xp.all(same))
