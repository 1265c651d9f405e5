"""Matrix products by hand, and their pullbacks, against NumPy's and PyTorch's."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from equivalence.autograd import autograd
from equivalence.drawn import Operands, any_of, cotangent, laid_out, operands
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from hypothesis.strategies import SearchStrategy
from interim import agree, wide

from scratchnet import products as ours


@dataclass(frozen=True)
class Product:
    """A product, its VJP rule, what NumPy and PyTorch offer for it, and operands."""

    f: Callable[..., Any]
    f_vjp: Callable[..., Any]
    numpy: Callable[..., Any]
    torch: Callable[..., Any]
    operands: SearchStrategy[Operands]


@st.composite
def contractible(draw, axes):
    """Two shapes of which the last `axes` sides of one are the first of the other."""
    sides = partial(array_shapes, min_side=0, max_side=3)
    inner = draw(sides(min_dims=axes, max_dims=axes)) if axes else ()
    left, right = draw(st.tuples(*[sides(min_dims=0, max_dims=2)] * 2))
    return (*left, *inner), (*inner, *right)


def tensordot(axes):
    return Product(
        partial(ours.tensordot, axes=axes),
        partial(ours.tensordot_vjp, axes=axes),
        partial(np.tensordot, axes=axes),
        lambda torch, a, b: torch.tensordot(a, b, dims=axes),
        laid_out(contractible(axes)),
    )


def matmul(signature):
    return Product(
        ours.matmul,
        ours.matmul_vjp,
        np.matmul,
        lambda torch, a, b: torch.matmul(a, b),
        operands(signature),
    )


PRODUCTS = {
    "matvec": Product(
        ours.matvec,
        ours.matvec_vjp,
        lambda a, x: np.matmul(a, x[..., None])[..., 0],
        lambda torch, a, x: torch.matmul(a, x[..., None])[..., 0],
        operands("(m,k),(k)->(m)"),
    ),
    "matmul": matmul("(m,k),(k,p)->(m,p)"),
    "matmul, 1-D operands too": matmul("(m?,k),(k,p?)->(m?,p?)"),
    "outer": tensordot(0),
    "tensordot, 1 axis": tensordot(1),
    "tensordot, 2 axes": tensordot(2),
    "tensordot, 3 axes": tensordot(3),
}
each_product = pytest.mark.parametrize("op", PRODUCTS.values(), ids=PRODUCTS)


@given(op=any_of(PRODUCTS), data=st.data())
def test_products_are_numpys(target, op, data):
    a, b = data.draw(op.operands).on(target)
    expected = op.numpy(wide(a), wide(b))
    magnitude = op.numpy(abs(wide(a)), abs(wide(b)))
    agree(op.f(a, b), expected, magnitude=magnitude, like=a)


@each_product
@given(data=st.data())
def test_products_and_pullbacks_are_pytorchs(op, target, data):
    a, b = data.draw(op.operands).on(target)
    y, pullback = op.f_vjp(a, b)
    g = cotangent(data, y, target)
    value, (da, db) = autograd(op.torch, [a, b], g)
    # A sum of products is made of numbers as large as that of absolute values.
    size, (size_a, size_b) = autograd(op.torch, [abs(a), abs(b)], abs(g))
    found_a, found_b = pullback(g)
    agree(y, value, magnitude=size, like=a)
    agree(found_a, da, magnitude=size_a, like=a)
    agree(found_b, db, magnitude=size_b, like=b)


@given(pair=PRODUCTS["matmul"].operands, tile=st.integers(1, 20))
def test_products_in_tiles_are_numpys(target, pair, tile):
    """However small the tile: an edge, a broadcast side and a long inner side too."""
    a, b = pair.on(target)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ours, "TILE", tile)
        found = ours.matmul(a, b)
    expected = np.matmul(wide(a), wide(b))
    magnitude = np.matmul(abs(wide(a)), abs(wide(b)))
    agree(found, expected, magnitude=magnitude, like=a)
