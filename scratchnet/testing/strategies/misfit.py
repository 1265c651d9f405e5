"""Shapes that fit together but for one thing, which a function must refuse."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from scratchnet.testing.strategies.signature import Shape, Signature

Shapes = tuple[Shape, ...]


def misfits(signature: Signature, shapes: Shapes, /) -> list[Shapes]:
    """The shapes with one thing wrong, in every way; empty where all is accepted."""
    ways = (*_resized(shapes), *_too_few(shapes), *_clashing(signature, shapes))
    return [each for each in ways if not signature.accepts(each)]


def smallest(signature: Signature, /) -> Shapes:
    """No loop dimensions, no optional one missing, all sides 1 that can be."""
    return tuple(
        tuple(int(name) if name.isdigit() else 1 for name in core)
        for core in signature.inputs
    )


def _with(shapes: Shapes, i: int, shape: Shape) -> Shapes:
    return (*shapes[:i], shape, *shapes[i + 1 :])


def _resized(shapes: Shapes) -> Iterator[Shapes]:
    """One side of one argument is larger: a core dimension does not stretch."""
    for i, shape in enumerate(shapes):
        for axis, side in reversed(list(enumerate(shape))):
            yield _with(shapes, i, (*shape[:axis], side + 1, *shape[axis + 1 :]))


def _too_few(shapes: Shapes) -> Iterator[Shapes]:
    """One argument has no dimensions, or one fewer."""
    for i, shape in enumerate(shapes):
        yield _with(shapes, i, ())
        yield _with(shapes, i, shape[1:])


def _clashing(signature: Signature, shapes: Shapes) -> Iterator[Shapes]:
    """Two arguments get one more loop dimension each, of 2 and of 3."""
    ranks = [len(core) for core in signature.inputs]
    depth = max(len(shape) - rank for shape, rank in zip(shapes, ranks, strict=True))
    for i, j in combinations(range(len(shapes)), 2):
        padded = [
            (side, *(1,) * (depth + ranks[k] - len(shapes[k])), *shapes[k])
            for k, side in ((i, 2), (j, 3))
        ]
        yield _with(_with(shapes, i, padded[0]), j, padded[1])
