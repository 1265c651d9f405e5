"""Arrays that a function accepts together."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import DrawFn, SearchStrategy

from scratchnet.testing.strategies.gufunc import Shape
from scratchnet.testing.strategies.shapes import operand_shapes

Arrays = tuple[np.ndarray[Any, Any], ...]


def operands(
    signature: str,
    /,
    *,
    elements: SearchStrategy[Any],
    dtype: str = "float64",
    max_side: int = 4,
    max_dims: int = 2,
) -> SearchStrategy[Arrays]:
    """Tuples of arrays that a function with this gufunc signature accepts.

    Core dimensions of one name share a size; loop dimensions broadcast. Sides 0 and 1
    stay possible: broadcasting bugs live there. Shrinks to fewer and smaller sides.
    """
    shapes = operand_shapes(signature, max_side=max_side, max_dims=max_dims)
    return filled(shapes, elements=elements, dtype=dtype)


@st.composite
def filled(
    draw: DrawFn,
    shapes: SearchStrategy[tuple[Shape, ...]],
    /,
    *,
    elements: SearchStrategy[Any],
    dtype: str = "float64",
) -> Arrays:
    """Tuples of arrays of drawn shapes, every element drawn by itself."""
    # No fill: an array of one repeated value hides elements that changed places.
    parts = (
        arrays(dtype, s, elements=elements, fill=st.nothing()) for s in draw(shapes)
    )
    return tuple(map(draw, parts))
