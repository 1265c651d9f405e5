"""Matrix products by hand: broadcast, multiply, sum.

Every product here is one contraction: two operands that broadcast against each other,
multiplied and summed over one common axis, tile by tile, because the whole product
needs m*n*p elements. Both operands are row-major first, since strides cost more than
a copy. The summed axis is the last one, along which both are contiguous, where it is
longer than a row of the result. Where it is not, many short sums cost twice as much as
a sum of outer products: then it comes first, and both are contiguous behind it.

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
    Namespace,
    Pullback,
    array_namespace,
    device,
    is_compiling,
    operands,
    row_major,
)
from scratchnet.broadcasting import Shape, broadcast_shapes, unbroadcast
from scratchnet.errors import ArgumentError

#: Elements of the largest temporary: 2 MiB of float32, 4 MiB of float64. Measured: with
#: less, the calls cost more; with more, the caches miss.
TILE = 2**19

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
    """matvec(a, x) and its pullback g -> (outer(g, x), a^T g)."""
    xp = operands("matvec", a=a, x=x)
    y = matvec(a, x)

    def pullback(g: Array) -> tuple[Array, Array]:
        da = g[..., None] * x[..., None, :]
        dx = matvec(xp.matrix_transpose(a), g)
        return unbroadcast(da, a.shape), unbroadcast(dx, x.shape)

    return y, pullback


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
    if b.shape[-2] <= b.shape[-1]:
        return contract(_transposed(a)[..., None], b[..., None, :], axis=-3)
    return contract(a[..., None, :], _transposed(b)[..., None, :, :])


def matmul_vjp(a: Array, b: Array, /) -> tuple[Array, Pullback]:
    """matmul(a, b) and its pullback g -> (g b^T, a^T g), reduced over the loop
    dimensions that each operand was broadcast along."""
    xp = operands("matmul", a=a, b=b)
    y = matmul(a, b)
    left = a[None, :] if a.ndim == 1 else a
    right = b[:, None] if b.ndim == 1 else b
    core = broadcast_shapes(left.shape[:-2], right.shape[:-2])
    shape = (*core, left.shape[-2], right.shape[-1])

    def pullback(g: Array) -> tuple[Array, Array]:
        g = xp.reshape(g, shape)
        da = unbroadcast(matmul(g, _transposed(right)), left.shape)
        db = unbroadcast(matmul(_transposed(left), g), right.shape)
        return xp.reshape(da, a.shape), xp.reshape(db, b.shape)

    return y, pullback


def tensordot(a: Array, b: Array, /, *, axes: int = 2) -> Array:
    """Sum of products over the last `axes` axes of a and the first `axes` of b.

    Signature (*m,*k),(*k,*p)->(*m,*p); 0 axes is the outer product. Dtypes as in
    `matmul`. Raises ArgumentError where the contracted sides differ.
    """
    xp = operands("tensordot", kind=NUMERIC, a=a, b=b)
    if not 0 <= axes <= min(a.ndim, b.ndim):
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

    return y, pullback


def contract(a: Array, b: Array, /, *, axis: int = -1) -> Array:
    """Sum over one axis, counted from the right, of the product of two arrays that
    broadcast and are equally long along it.

    Signature (k),(k)->() for the last axis. The whole product is never held: at most
    TILE elements are.
    """
    a, b = row_major(a), row_major(b)
    xp = array_namespace(a, b)
    sides = broadcast_shapes(a.shape, b.shape)
    shape, inner = _without(sides, axis), sides[axis]
    if is_compiling() and shape and shape[0] > 1:
        return _in_strips(xp, a, b, shape, axis)
    if is_compiling() or prod(sides) <= TILE:
        return xp.sum(a * b, axis=axis, dtype=a.dtype)
    out = xp.empty(shape, dtype=a.dtype, device=device(a))
    for tile in tiles(shape, max(1, TILE // inner)):
        # Added up one by one: pieces kept for later would pin what lies between them.
        out[tile] = reduce(
            add, (_product_sum(xp, a, b, tile, axis, k) for k in _slices(inner, TILE))
        )
    return out


def _without(sides: Shape, axis: int) -> Shape:
    """The sides but for that of the axis, which counts from the right."""
    return (*sides[:axis], *sides[len(sides) + axis + 1 :])


def _in_strips(xp: Namespace, a: Array, b: Array, shape: Shape, axis: int) -> Array:
    """The contraction as a compiler likes it: products fuse into their sums, so that no
    temporary is ever written, and sums that are alike into one loop."""
    rows = _slices(shape[0], ceil(shape[0] / STRIPS))
    strips = [(part, *map(slice, shape[1:])) for part in rows]
    return xp.concat(
        [_product_sum(xp, a, b, strip, axis, slice(None)) for strip in strips]
    )


def _product_sum(
    xp: Namespace, a: Array, b: Array, tile: tuple[slice, ...], axis: int, part: slice
) -> Array:
    """The sum over a part of the axis, for this tile of the result."""
    at = len(tile) + 1 + axis
    whole = (*tile[:at], part, *tile[at:])
    product = _restricted(a, whole) * _restricted(b, whole)
    return xp.sum(product, axis=axis, dtype=a.dtype)


def _restricted(x: Array, part: tuple[slice, ...]) -> Array:
    """What of x broadcasts to this part of the product."""
    sides = zip(x.shape, part[len(part) - x.ndim :], strict=True)
    return x[tuple(slice(None) if side == 1 else along for side, along in sides)]


def tiles(shape: Shape, size: int) -> Iterator[tuple[slice, ...]]:
    """Slices that partition an array of this shape into blocks of <= size elements.

    Blocks are as long as possible along the last axes, so that they are contiguous.
    """
    steps: list[int] = []
    for side in reversed(shape):
        steps.append(max(1, min(side, size)))
        size //= steps[-1]
    return product(*map(_slices, shape, reversed(steps)))


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
