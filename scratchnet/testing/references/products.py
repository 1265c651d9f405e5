"""References for matrix products: sums of products in any order, with or without FMA.

A pullback sums over the loop dimensions that an operand was stretched along, and over
the inner side: as one sum, since an implementation may fold them together (torch.matmul
does). Its bound covers the product first and the sum of products later, too.
"""

from __future__ import annotations

from math import prod

from scratchnet.arrays import Array, array_namespace, device
from scratchnet.testing.references.broadcasting import Shape, stretched, unbroadcast
from scratchnet.testing.references.reference import Algorithm, Reference


def matmul(a: Array, b: Array, /) -> Array:
    """a @ b, as NumPy has it."""
    return array_namespace(a, b).matmul(a, b)


def matmul_pullback(g: Array, a: Array, b: Array, /) -> tuple[Array, Array]:
    """(g b^T, a^T g), summed over the loops that each operand was stretched along."""
    xp = array_namespace(g, a, b)
    left = a[None, :] if a.ndim == 1 else a
    right = b[:, None] if b.ndim == 1 else b
    loops = _broadcast(left.shape[:-2], right.shape[:-2])
    g = xp.reshape(g, (*loops, left.shape[-2], right.shape[-1]))
    da = _contracted(g, xp.matrix_transpose(right), tuple(left.shape[:-2]), loops)
    db = _contracted(xp.matrix_transpose(left), g, tuple(right.shape[:-2]), loops)
    return xp.reshape(da, tuple(a.shape)), xp.reshape(db, tuple(b.shape))


def _contracted(left: Array, right: Array, kept: Shape, loops: Shape) -> Array:
    """left @ right summed over the loops that are stretched from kept, in one sum.

    The stretched loops move next to the inner side and are merged with it.
    """
    xp = array_namespace(left, right)
    summed = stretched(kept, loops)
    stay = tuple(i for i in range(len(loops)) if i not in summed)
    m, n = len(loops), len(loops) + 1
    inner = left.shape[-1] * prod(loops[i] for i in summed)
    sides = tuple(loops[i] for i in stay)
    rows, columns = left.shape[-2], right.shape[-1]
    left = xp.broadcast_to(left, (*loops, *left.shape[-2:]))
    right = xp.broadcast_to(right, (*loops, *right.shape[-2:]))
    left = xp.permute_dims(left, (*stay, m, *summed, n))
    right = xp.permute_dims(right, (*stay, *summed, m, n))
    return xp.matmul(
        xp.reshape(left, (*sides, rows, inner)),
        xp.reshape(right, (*sides, inner, columns)),
    )


def _broadcast(left: Shape, right: Shape) -> Shape:
    """The common shape of loop dimensions that are known to fit."""
    rank = max(len(left), len(right))
    pairs = zip(
        (1,) * (rank - len(left)) + tuple(left),
        (1,) * (rank - len(right)) + tuple(right),
        strict=True,
    )
    return tuple(b if a == 1 else a for a, b in pairs)


def matvec(a: Array, x: Array, /) -> Array:
    """a @ x, with x as a matrix of one column."""
    return matmul(a, x[..., None])[..., 0]


def matvec_pullback(g: Array, a: Array, x: Array, /) -> tuple[Array, Array]:
    """(outer(g, x), a^T g), summed as in matmul."""
    da, dx = matmul_pullback(g[..., None], a, x[..., None])
    return da, dx[..., 0]


def dot(a: Array, b: Array, /) -> Array:
    """The sum of the products of two vectors."""
    return matmul(a, b)


def dot_pullback(g: Array, a: Array, b: Array, /) -> tuple[Array, Array]:
    """(g b, g a)."""
    return g * b, g * a


def outer(a: Array, b: Array, /) -> Array:
    """Every product of a number of one vector and one of the other."""
    return a[:, None] * b[None, :]


def outer_pullback(g: Array, a: Array, b: Array, /) -> tuple[Array, Array]:
    """(g b, g^T a)."""
    return matmul(g, b), matmul(array_namespace(g).matrix_transpose(g), a)


def tensordot(a: Array, b: Array, /, *, axes: int = 2) -> Array:
    """Products summed over the last axes of a and the first of b."""
    return array_namespace(a, b).tensordot(a, b, axes=axes)


def tensordot_pullback(
    g: Array, a: Array, b: Array, /, *, axes: int = 2
) -> tuple[Array, Array]:
    """That of the product of a and b as matrices."""
    xp = array_namespace(g, a, b)
    rows, inner = prod(a.shape[: a.ndim - axes]), prod(b.shape[:axes])
    columns = prod(b.shape[axes:])
    da, db = matmul_pullback(
        xp.reshape(g, (rows, columns)),
        xp.reshape(a, (rows, inner)),
        xp.reshape(b, (inner, columns)),
    )
    return xp.reshape(da, tuple(a.shape)), xp.reshape(db, tuple(b.shape))


def linear_bias_last(x: Array, weight: Array, bias: Array | None = None, /) -> Array:
    """x weight^T, and then + bias."""
    y = matmul(x, array_namespace(x, weight).matrix_transpose(weight))
    return y if bias is None else y + bias


def linear_bias_inside(x: Array, weight: Array, bias: Array | None = None, /) -> Array:
    """[x, 1] [weight, bias]^T: the bias is one more product, added at any point."""
    if bias is None:
        return linear_bias_last(x, weight)
    xp = array_namespace(x, weight, bias)
    one = xp.ones((*x.shape[:-1], 1), dtype=x.dtype, device=device(x))
    inputs = xp.concat([x, one], axis=-1)
    weights = xp.concat([weight, bias[:, None]], axis=-1)
    return matmul(inputs, xp.matrix_transpose(weights))


def linear_pullback(
    g: Array, x: Array, weight: Array, bias: Array | None = None, /
) -> tuple[Array, ...]:
    """(g weight, g^T x, sum(g)), the last two summed over all rows; without a bias the
    first two."""
    xp = array_namespace(g, x, weight)
    count = prod(x.shape[:-1])
    rows = xp.reshape(g, (count, weight.shape[0]))
    inputs = xp.reshape(x, (count, weight.shape[1]))
    gradients = matmul(g, weight), matmul(xp.matrix_transpose(rows), inputs)
    if bias is None:
        return gradients
    return *gradients, unbroadcast(rows, tuple(bias.shape))


ANY_ORDER = "any order of summation, with or without FMA"
REFERENCES = (
    Reference("matvec", (Algorithm("a @ x", matvec, ANY_ORDER),)),
    Reference(
        "matvec.pullback",
        (Algorithm("outer(g, x), a^T g", matvec_pullback, ANY_ORDER),),
    ),
    Reference("matmul", (Algorithm("a @ b", matmul, ANY_ORDER),)),
    Reference(
        "matmul.pullback", (Algorithm("g b^T, a^T g", matmul_pullback, ANY_ORDER),)
    ),
    Reference("dot", (Algorithm("a @ b", dot, ANY_ORDER),)),
    Reference("dot.pullback", (Algorithm("g b, g a", dot_pullback),)),
    Reference("outer", (Algorithm("a[:, None] * b", outer),)),
    Reference("outer.pullback", (Algorithm("g b, g^T a", outer_pullback, ANY_ORDER),)),
    Reference("tensordot", (Algorithm("tensordot(a, b)", tensordot, ANY_ORDER),)),
    Reference(
        "tensordot.pullback",
        (Algorithm("g b^T, a^T g", tensordot_pullback, ANY_ORDER),),
    ),
    Reference(
        "linear",
        (
            Algorithm("x weight^T + bias", linear_bias_last, "the bias last"),
            Algorithm(
                "[x, 1] [weight, bias]^T",
                linear_bias_inside,
                "the bias first, as in addmm, or at any point of the sum",
            ),
        ),
    ),
    Reference(
        "linear.pullback",
        (Algorithm("g weight, g^T x, sum(g)", linear_pullback, ANY_ORDER),),
    ),
)
