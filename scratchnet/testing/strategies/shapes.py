"""Shapes of arguments that fit together."""

from __future__ import annotations

from hypothesis.extra.numpy import BroadcastableShapes, mutually_broadcastable_shapes
from hypothesis.strategies import SearchStrategy

from scratchnet.testing.strategies.gufunc import Shape, gufunc_shapes


def operand_shapes(
    signature: str, /, *, max_side: int = 4, max_dims: int = 2
) -> SearchStrategy[tuple[Shape, ...]]:
    """Tuples of shapes, one for each argument of a function with this gufunc signature.

    Core dimensions of one name share a size, optional ones (`m?`) may be missing; up to
    max_dims loop dimensions before them broadcast. Sides are 0 to max_side.

    Half are drawn by hypothesis-gufunc and half by Hypothesis itself, since each seldom
    draws what the other often does; those with optional dimensions all by the latter.
    """
    own = mutually_broadcastable_shapes(
        signature=signature, min_side=0, max_side=max_side, max_dims=max_dims
    ).map(_arguments)
    if "?" in signature:
        return own
    return gufunc_shapes(signature, max_side=max_side, max_dims=max_dims) | own


def _arguments(shapes: BroadcastableShapes) -> tuple[Shape, ...]:
    return shapes.input_shapes
