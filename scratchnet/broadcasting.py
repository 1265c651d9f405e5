"""Broadcasting: the rules as a function of shapes, and what is built on them.

Shapes are aligned from the right; missing axes count as 1; a side of 1 stretches to
the other's, also to 0; any other difference is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest

from scratchnet.arrays import (
    Array,
    Pullback,
    array_namespace,
    common_namespace,
    operands,
    pullback_of,
    total,
)
from scratchnet.errors import ArgumentError

Shape = tuple[int, ...]


def broadcast_shapes(*shapes: Shape, where: str = "broadcast_shapes") -> Shape:
    """The shape that arrays of these shapes broadcast to; `where` heads the message.

    Raises ArgumentError for what is no shape and, with the shapes aligned from the
    right and the clashing axis marked, where two sides differ and neither is 1.
    """
    for shape in shapes:
        if not isinstance(shape, tuple | list) or any(side < 0 for side in shape):
            raise ArgumentError(
                where, f"shape={shape!r}", "required a tuple of sides, 0 or more"
            )
    sides = [set(column) - {1} for column in _columns(shapes)]
    clashes = [axis for axis, found in enumerate(sides, -len(sides)) if len(found) > 1]
    if clashes:
        raise ArgumentError(
            where,
            f"shapes {' and '.join(str(tuple(s)) for s in shapes)} clash on axis "
            f"{clashes[-1]}",
            "required equal sides, or 1",
            "\n  ".join(_aligned(shapes, clashes[-1])),
        )
    return tuple(found.pop() if found else 1 for found in sides)


def _columns(shapes: tuple[Shape, ...]) -> list[tuple[int, ...]]:
    """The sides of each axis of the result, from the left."""
    from_right = zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1)
    return list(from_right)[::-1]


def _aligned(shapes: tuple[Shape, ...], axis: int) -> list[str]:
    """One line for each shape, right-aligned, and one that marks the axis."""
    width = max(len(str(side)) for shape in shapes for side in shape)
    rank = max(map(len, shapes))
    cells = [[""] * (rank - len(shape)) + [str(s) for s in shape] for shape in shapes]
    cells.append(["^" * width if i == rank + axis else "" for i in range(rank)])
    return ["  ".join(cell.rjust(width) for cell in row).rstrip() for row in cells]


def broadcast_to(x: Array, shape: Shape, /) -> Array:
    """X stretched to shape without copying: stretched axes get stride 0 where the
    library has strides.

    Signature (...)->(shape); any dtype. Raises ArgumentError where x.shape does not
    broadcast to exactly this shape. The result shares memory with x: read it only.
    """
    xp = array_namespace(x)
    if broadcast_shapes(x.shape, shape, where="broadcast_to") != tuple(shape):
        raise ArgumentError(
            "broadcast_to",
            f"x.shape={tuple(x.shape)}",
            f"but shape={tuple(shape)} would have to stretch too",
        )
    return xp.broadcast_to(x, shape)


def broadcast_to_vjp(x: Array, shape: Shape, /) -> tuple[Array, Pullback]:
    """broadcast_to(x, shape) and its pullback g -> (unbroadcast(g, x.shape),)."""
    xp = operands("broadcast_to", x=x)

    def pullback(g: Array) -> tuple[Array]:
        summed = unbroadcast(g, x.shape)
        # Where nothing was stretched it is g itself, which is the caller's.
        return (xp.asarray(summed, copy=True) if summed is g else summed,)

    y = broadcast_to(x, shape)
    return y, pullback_of("broadcast_to pullback", y, pullback)


def unbroadcast(g: Array, shape: Shape, /) -> Array:
    """G summed back to shape over exactly the axes that broadcasting stretched.

    The transpose of `broadcast_to`: axes added on the left go, inner axes of side 1
    stay as 1; an axis stretched from 1 to 0 sums to zero. Dtype and device are those
    of g. Raises ArgumentError where shape does not broadcast to g.shape.
    """
    xp = operands("unbroadcast", g=g)
    if broadcast_shapes(g.shape, shape, where="unbroadcast") != tuple(g.shape):
        raise ArgumentError(
            "unbroadcast",
            f"shape={tuple(shape)}",
            f"but g.shape={tuple(g.shape)} requires one that broadcasts to it",
        )
    added = g.ndim - len(shape)
    stretched = [
        axis
        for axis in range(added, g.ndim)
        if shape[axis - added] == 1 and g.shape[axis] != 1
    ]
    if added == 0 and not stretched:
        return g
    axes = (*range(added), *stretched)
    return xp.reshape(total(g, axis=axes, keepdims=True), shape)


def expand_dims(x: Array, axes: int | Shape, /) -> Array:
    """X with new axes of side 1, at these positions of the *result*.

    `expand_dims(x, 0)` is x[None, ...]; `expand_dims(x, (0, -1))` adds one at each
    end. Shares memory with x. Raises ArgumentError for a position that is repeated or
    outside the result.
    """
    xp = array_namespace(x)
    axes = (axes,) if isinstance(axes, int) else tuple(axes)
    rank = x.ndim + len(axes)
    if any(not -rank <= axis < rank for axis in axes):
        raise ArgumentError(
            "expand_dims", f"axes={axes}", f"required within [{-rank}, {rank})"
        )
    new = {axis % rank for axis in axes}
    if len(new) < len(axes):
        raise ArgumentError("expand_dims", f"axes={axes}", "required each only once")
    old = iter(x.shape)
    return xp.reshape(x, tuple(1 if i in new else next(old) for i in range(rank)))


def outer(operator: Callable[[Array, Array], Array], x: Array, y: Array, /) -> Array:
    """Operator of every element of x with every element of y.

    Signature (*a),(*b)->(*a,*b); x and y of any rank and of one library; the operator
    broadcasts (`operator.mul`, `operator.add`, `operator.gt`, ...).
    """
    common_namespace("outer", x=x, y=y)
    return operator(expand_dims(x, tuple(range(x.ndim, x.ndim + y.ndim))), y)


def grids(row: Array, column: Array, /) -> tuple[Array, Array]:
    """The two coordinate arrays of the grid that a row and a column span.

    Signature (n),(m)->(m,n),(m,n): the first repeats the row downwards, the second the
    column rightwards, both without copying. Raises ArgumentError unless both are 1-D.
    """
    for name, x in (("row", row), ("column", column)):
        if x.ndim != 1:
            raise ArgumentError(
                "grids", f"{name}.shape={tuple(x.shape)}", "required 1-D"
            )
    shape = (column.shape[0], row.shape[0])
    return broadcast_to(row, shape), broadcast_to(expand_dims(column, 1), shape)
