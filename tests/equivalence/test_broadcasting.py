"""Broadcasting and its transpose against NumPy's and PyTorch's."""

import operator
from math import prod

import numpy as np
import pytest
from equivalence.autograd import autograd
from equivalence.drawn import any_of, cotangent, laid_out, operands
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, broadcastable_shapes
from interim import agree, wide

from scratchnet import broadcasting as ours
from scratchnet.arrays import to_numpy
from scratchnet.testing.strategies.shapes import operand_shapes

SHAPES = array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


@st.composite
def stretches(draw):
    """Two shapes of which the first broadcasts to the second."""
    small = draw(SHAPES)
    wider = broadcastable_shapes(small, max_dims=4, min_side=0, max_side=4)
    pairs = st.tuples(st.just(small), wider) | operand_shapes("(),()->()", max_dims=3)
    small, other = draw(pairs)
    return small, np.broadcast_shapes(small, other)


@given(stretch=stretches(), data=st.data())
def test_broadcast_to_is_numpys_and_its_pullback_pytorchs(target, stretch, data):
    small, shape = stretch
    (x,) = data.draw(laid_out(st.just((small,)))).on(target)
    y, pullback = ours.broadcast_to_vjp(x, shape)
    agree(ours.broadcast_to(x, shape), np.broadcast_to(wide(x), shape), like=x)
    g = cotangent(data, y, target)

    def builtin(torch, x):
        return torch.broadcast_to(x, shape)

    value, gradients = autograd(builtin, [x], g)
    _, magnitudes = autograd(builtin, [x], abs(g))
    agree(y, value, like=x)
    agree(*pullback(g), *gradients, magnitude=magnitudes[0], like=x)


@given(stretch=stretches(), data=st.data())
def test_unbroadcast_is_numpys_sum_over_what_was_stretched(target, stretch, data):
    """NumPy's built-in for it: every element counted at the place it came from."""
    small, shape = stretch
    (g,) = data.draw(laid_out(st.just((shape,)))).on(target)
    count = prod(small)
    places = np.broadcast_to(np.arange(count).reshape(small), shape)

    def counted(g):
        return np.bincount(places.ravel(), g.ravel(), count).reshape(small)

    magnitude = counted(np.abs(wide(g)))
    agree(ours.unbroadcast(g, small), counted(wide(g)), magnitude=magnitude, like=g)


@given(stretch=stretches(), data=st.data())
def test_unbroadcast_is_pytorchs_sum_to_size(target, stretch, data):
    torch = pytest.importorskip("torch")
    small, shape = stretch
    (g,) = data.draw(laid_out(st.just((shape,)))).on(target)
    expected, magnitude = (
        torch.tensor(x).sum_to_size(small) for x in (wide(g), np.abs(wide(g)))
    )
    agree(ours.unbroadcast(g, small), expected, magnitude=magnitude, like=g)


@given(x=operands("()->()", max_dims=3), data=st.data())
def test_expand_dims_is_numpys(target, x, data):
    (x,) = x.on(target)
    count = data.draw(st.integers(0, 3))
    rank = x.ndim + count
    positions = st.integers(-rank, rank - 1)
    axes = data.draw(
        st.lists(
            positions, min_size=count, max_size=count, unique_by=lambda i: i % rank
        )
        if count
        else st.just([])
    )
    agree(
        ours.expand_dims(x, tuple(axes)), np.expand_dims(wide(x), tuple(axes)), like=x
    )


OPERATORS = {
    "multiply": (operator.mul, np.multiply),
    "add": (operator.add, np.add),
    "subtract": (operator.sub, np.subtract),
    "greater": (operator.gt, np.greater),
}


@given(operators=any_of(OPERATORS), pair=laid_out(st.tuples(SHAPES, SHAPES)))
def test_outer_of_any_operator_is_numpys(target, operators, pair):
    ours_of, numpys = operators
    x, y = pair.on(target)
    found = to_numpy(ours.outer(ours_of, x, y))
    # Each element is one rounded operation: to the bit, in the dtype itself.
    np.testing.assert_array_equal(
        found, numpys.outer(to_numpy(x), to_numpy(y)), strict=True
    )


@given(sides=st.tuples(st.integers(0, 4), st.integers(0, 4)), data=st.data())
def test_grids_are_numpys_meshgrid(target, sides, data):
    n, m = sides
    row, column = data.draw(laid_out(st.just(((n,), (m,))))).on(target)
    across, down = np.meshgrid(wide(row), wide(column))
    found = ours.grids(row, column)
    agree(found[0], across, like=row)
    agree(found[1], down, like=row)
