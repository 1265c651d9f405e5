"""Matrix products by hand: broadcast, multiply, sum.

Every product here is one contraction: two operands that broadcast against each other,
multiplied and summed over one common axis, tile by tile, because the whole product
needs m*n*p elements. Both operands of a tile are row-major, since strides cost more
than a copy. The summed axis is the last one, along which both are contiguous, unless it
is short: many short sums cost twice as much as one sum of outer products. Then it comes
first, and both are contiguous behind it.

(The file is not called matmul.py: a package cannot hold a function and a module of one
name.)
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import product
from math import ceil, prod
from operator import add

from scratchnet.arrays import (
    Array,
    Pullback,
    accumulator,
    array_namespace,
    as_dtype,
    device,
    is_compiling,
    operands,
    pullback_of,
    row_major,
    total,
)
from scratchnet.broadcasting import Shape, broadcast_shapes
from scratchnet.errors import ArgumentError

#: Elements of the largest temporary, which is a tile of products or a row-major copy of
#: what goes into one: 2 MiB of float32, 4 MiB of float64. Measured: with less, calls
#: cost more; with more, the caches miss.
TILE = 2**19

#: The longest inner side that is summed as outer products, one after the other, so that
#: the error grows with its length, not with the logarithm.
SHORT = 256

#: Strips of rows of a compiled contraction, summed side by side in one loop: they share
#: the loads of the other operand, and no addition waits for the one before it.
STRIPS = 4

NUMERIC = ("real floating", "integral")


def matvec(a: Array, x: Array, /) -> Array:
    """Matrix times vector, with broadcast loop dimensions.

    Signature (m,k),(k)->(m); one dtype, real floating or integer; device that of a.
    """
    operands("matvec", kind=NUMERIC, a=a, x=x)
    _require_rank("matvec", a=(a, 2), x=(x, 1))
    _require_inner("matvec", a=(a, -1), x=(x, -1))
    _require_loops("matvec", a.shape[:-2], x.shape[:-1])
    return contract(a, x[..., None, :])


def matvec_vjp(a: Array, x: Array, /) -> tuple[Array, Pullback]:
    """matvec(a, x) and its pullback g -> (outer(g, x), a^T g), each summed over the
    loop dimensions that the operand was broadcast along."""
    operands("matvec", a=a, x=x)
    y = matvec(a, x)

    def pullback(g: Array) -> tuple[Array, Array]:
        da, dx = _cotangents(a, x[..., None], g[..., None])
        return da, dx[..., 0]

    return y, pullback_of("matvec pullback", y, pullback)


def matmul(a: Array, b: Array, /) -> Array:
    """Matrix product with NumPy's semantics.

    Signature (m?,k),(k,p?)->(m?,p?): loop dimensions broadcast, a 1-D operand is a row
    on the left and a column on the right and its axis is dropped from the result, and
    an inner dimension of 0 gives zeros. One dtype, real floating or integer, kept.
    The temporary holds at most TILE elements, whatever m, k and p.
    Raises ArgumentError for a 0-D operand and where the inner sides differ.
    """
    operands("matmul", kind=NUMERIC, a=a, b=b)
    _require_rank("matmul", a=(a, 1), b=(b, 1))
    _require_inner("matmul", a=(a, -1), b=(b, -2 if b.ndim > 1 else -1))
    if b.ndim == 1:
        return contract(a, b)
    if a.ndim == 1:
        return contract(_transposed(b), a)
    _require_loops("matmul", a.shape[:-2], b.shape[:-2])
    if b.shape[-2] <= min(b.shape[-1], SHORT):
        return contract(_transposed(a)[..., None], b[..., None, :], axis=-3)
    return contract(a[..., None, :], _transposed(b)[..., None, :, :])


def matmul_vjp(a: Array, b: Array, /) -> tuple[Array, Pullback]:
    """matmul(a, b) and its pullback g -> (g b^T, a^T g), each summed over the loop
    dimensions that the operand was broadcast along."""
    xp = operands("matmul", a=a, b=b)
    y = matmul(a, b)
    left = a[None, :] if a.ndim == 1 else a
    right = b[:, None] if b.ndim == 1 else b
    loops = broadcast_shapes(left.shape[:-2], right.shape[:-2])
    shape = (*loops, left.shape[-2], right.shape[-1])

    def pullback(g: Array) -> tuple[Array, Array]:
        da, db = _cotangents(left, right, xp.reshape(g, shape))
        return xp.reshape(da, a.shape), xp.reshape(db, b.shape)

    return y, pullback_of("matmul pullback", y, pullback)


def _cotangents(a: Array, b: Array, g: Array) -> tuple[Array, Array]:
    """Those of two stacks of matrices, from that of their product."""
    da = _summed_product(g, _transposed(b), a.shape)
    db = _summed_product(_transposed(a), g, b.shape)
    return da, db


def _summed_product(a: Array, b: Array, shape: Shape) -> Array:
    """The product of two stacks of matrices, summed to this shape over loop dimensions.

    Those that are summed become part of the inner side, so that the product before the
    sum, which may be far larger than its result, is never there.
    """
    xp = array_namespace(a, b)
    loops = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    kept = (1,) * (len(loops) + 2 - len(shape)) + shape[:-2]
    summed = [i for i, side in enumerate(loops) if kept[i] != side]
    if not summed:
        return xp.reshape(matmul(a, b), shape)
    left = _folded(a, loops, summed)
    right = _folded(_transposed(b), loops, summed)
    return xp.reshape(matmul(left, _transposed(right)), shape)


def _folded(x: Array, loops: Shape, summed: list[int]) -> Array:
    """A stack of matrices with these loop dimensions moved into its last axis."""
    xp = array_namespace(x)
    sides = (1,) * (len(loops) + 2 - x.ndim) + tuple(x.shape)
    wanted = tuple(
        loops[i] if i in summed else side for i, side in enumerate(sides[:-2])
    )
    stretched = xp.broadcast_to(xp.reshape(x, sides), (*wanted, *sides[-2:]))
    rest = [i for i in range(len(loops)) if i not in summed]
    row, column = len(loops), len(loops) + 1
    moved = xp.permute_dims(stretched, (*rest, row, *summed, column))
    length = prod(wanted[i] for i in summed) * sides[-1]
    return xp.reshape(moved, (*(wanted[i] for i in rest), sides[-2], length))


def tensordot(a: Array, b: Array, /, *, axes: int = 2) -> Array:
    """Sum of products over the last `axes` axes of a and the first `axes` of b.

    Signature (*m,*k),(*k,*p)->(*m,*p); 0 axes is the outer product. Dtypes as in
    `matmul`. Raises ArgumentError where the contracted sides differ.
    """
    xp = operands("tensordot", kind=NUMERIC, a=a, b=b)
    if not isinstance(axes, int) or not 0 <= axes <= min(a.ndim, b.ndim):
        raise ArgumentError(
            "tensordot", f"axes={axes}", f"required 0 to {min(a.ndim, b.ndim)}"
        )
    split = a.ndim - axes
    if a.shape[split:] != b.shape[:axes]:
        raise ArgumentError(
            "tensordot",
            f"a.shape={tuple(a.shape)} and b.shape={tuple(b.shape)}",
            f"required the last {axes} sides of a to be the first {axes} of b",
        )
    rows, inner, columns = prod(a.shape[:split]), prod(b.shape[:axes]), b.shape[axes:]
    flat = matmul(xp.reshape(a, (rows, inner)), xp.reshape(b, (inner, prod(columns))))
    return xp.reshape(flat, (*a.shape[:split], *columns))


def tensordot_vjp(a: Array, b: Array, /, *, axes: int = 2) -> tuple[Array, Pullback]:
    """tensordot(a, b) and its pullback: the cotangent contracted with each operand
    over the axes that the other one brought in."""
    xp = operands("tensordot", a=a, b=b)
    y = tensordot(a, b, axes=axes)
    split = a.ndim - axes
    rows, inner = prod(a.shape[:split]), prod(b.shape[:axes])
    left = xp.reshape(a, (rows, inner))
    right = xp.reshape(b, (inner, prod(b.shape[axes:])))

    def pullback(g: Array) -> tuple[Array, Array]:
        g = xp.reshape(g, (rows, right.shape[1]))
        da, db = matmul(g, _transposed(right)), matmul(_transposed(left), g)
        return xp.reshape(da, a.shape), xp.reshape(db, b.shape)

    return y, pullback_of("tensordot pullback", y, pullback)


def contract(a: Array, b: Array, /, *, axis: int = -1) -> Array:
    """Sum over one axis, counted from the right, of the product of two arrays that
    broadcast and are equally long along it.

    Signature (k),(k)->() for the last axis. The whole product is never held: at most
    TILE elements are.
    """
    xp = array_namespace(a, b)
    sides = broadcast_shapes(a.shape, b.shape)
    shape, inner = _without(sides, axis), sides[axis]
    if is_compiling() and shape and shape[0] > 1:
        return _in_strips(row_major(a), row_major(b), shape, axis)
    if is_compiling() or prod(sides) <= TILE:
        return total(row_major(a) * row_major(b), axis=axis)
    out = xp.empty(shape, dtype=a.dtype, device=device(a))
    at, index, right = len(sides) + axis, None, b
    for tile in tiles(shape, max(1, TILE // inner)):
        sums: list[Array] = []
        for piece in _slices(inner, TILE):
            part = (*tile[:at], piece, *tile[at:])
            # Tiles of the same columns come one after the other: b is copied once.
            if (needed := _index(b, part)) != index:
                index, right = needed, row_major(b[needed])
            sums.append(_product_sum(row_major(a[_index(a, part)]), right, axis))
        out[tile] = as_dtype(reduce(add, sums), a.dtype)
    return out


def _without(sides: Shape, axis: int) -> Shape:
    """The sides but for that of the axis, which counts from the right."""
    return (*sides[:axis], *sides[len(sides) + axis + 1 :])


def _in_strips(a: Array, b: Array, shape: Shape, axis: int) -> Array:
    """The contraction as a compiler likes it: products fuse into their sums, so that no
    temporary is ever written, and sums that are alike into one loop."""
    at, whole = len(shape) + 1 + axis, slice(None)
    sums = []
    for rows in _slices(shape[0], ceil(shape[0] / STRIPS)):
        strip = (rows, *map(slice, shape[1:]))
        part = (*strip[:at], whole, *strip[at:])
        sums.append(_product_sum(a[_index(a, part)], b[_index(b, part)], axis))
    return as_dtype(array_namespace(a).concat(sums), a.dtype)


def _product_sum(a: Array, b: Array, axis: int) -> Array:
    """The sum of the product over the axis, in the dtype to add up in."""
    xp = array_namespace(a, b)
    return xp.sum(a * b, axis=axis, dtype=accumulator(xp, a.dtype))


def _index(x: Array, part: tuple[slice, ...]) -> tuple[slice, ...]:
    """Where x has what broadcasts to this part of the product."""
    sides = zip(x.shape, part[len(part) - x.ndim :], strict=True)
    return tuple(slice(None) if side == 1 else along for side, along in sides)


def tiles(shape: Shape, size: int) -> Iterator[tuple[slice, ...]]:
    """Slices that partition an array of this shape into blocks of <= size elements.

    Blocks are as long as possible along the last axes, so that they are contiguous.
    Those that differ along the last axis but one alone follow each other.
    """
    steps: list[int] = []
    for side in reversed(shape):
        steps.append(max(1, min(side, size)))
        size //= steps[-1]
    slices = [*map(_slices, shape, reversed(steps))]
    if len(slices) < 2:
        yield from product(*slices)
        return
    *loops, rows, columns = slices
    for *loop, column in product(*loops, columns):
        for row in rows:
            yield (*loop, row, column)


def _slices(side: int, step: int) -> list[slice]:
    return [slice(i, min(i + step, side)) for i in range(0, side, step)]


def _transposed(x: Array) -> Array:
    return x if x.ndim < 2 else array_namespace(x).matrix_transpose(x)


def _require_rank(where: str, **least: tuple[Array, int]) -> None:
    for name, (x, rank) in least.items():
        if x.ndim < rank:
            raise ArgumentError(
                where, f"{name}.shape={tuple(x.shape)}", f"required at least {rank}-D"
            )


def _require_inner(where: str, **sides: tuple[Array, int]) -> None:
    (left, (a, i)), (right, (b, j)) = sides.items()
    if a.shape[i] != b.shape[j]:
        raise ArgumentError(
            where,
            f"{left}.shape={tuple(a.shape)} and {right}.shape={tuple(b.shape)}",
            f"required the inner sides {a.shape[i]} and {b.shape[j]} to be equal",
        )


def _require_loops(where: str, left: Shape, right: Shape) -> None:
    if left or right:
        broadcast_shapes(left, right, where=f"{where}, loop dimensions")
