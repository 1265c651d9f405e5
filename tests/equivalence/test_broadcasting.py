"""Broadcasting and its transpose, ours, NumPy's and PyTorch's: each held to the
reference."""

import operator
from math import prod

import numpy as np
from equivalence.autograd import autograd
from equivalence.drawn import Case, any_of, cotangent, laid_out, operands
from equivalence.operations import Operation, hold, quiet, shared
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, broadcastable_shapes
from judged import exactly, host, judge, oracle

from scratchnet import broadcasting as ours
from scratchnet.arrays import to_numpy
from scratchnet.testing.strategies import operand_shapes

pytestmark = quiet

SHAPES = array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


@st.composite
def stretches(draw):
    """Two shapes of which the first broadcasts to the second."""
    small = draw(SHAPES)
    wider = broadcastable_shapes(small, max_dims=4, min_side=0, max_side=4)
    pairs = st.tuples(st.just(small), wider) | operand_shapes("(),()->()", max_dims=3)
    small, other = draw(pairs)
    return small, np.broadcast_shapes(small, other)


@st.composite
def stretched(draw):
    """An array and a shape that it broadcasts to."""
    small, shape = draw(stretches())
    return Case(draw(laid_out(st.just((small,)))), (shape,))


OPERATIONS = {
    "broadcast_to": Operation(
        "broadcast_to",
        ours.broadcast_to,
        ours.broadcast_to_vjp,
        np.broadcast_to,
        lambda torch, x, shape: torch.broadcast_to(x, shape),
        stretched(),
    )
}


@shared
@given(case=stretched(), data=st.data())
def test_broadcast_to_and_its_pullback_are_within(any_target, case, data):
    hold(OPERATIONS["broadcast_to"], *case.on(any_target), any_target, data)


def counted(x, shape):
    """NumPy's built-in for it: every element counted at the place it came from.

    In float64, whatever x is.
    """
    count = prod(shape)
    places = np.broadcast_to(np.arange(count).reshape(shape), x.shape)
    return np.bincount(places.ravel(), x.ravel(), count).reshape(shape).astype(x.dtype)


def summed(_, x, shape):
    """PyTorch's built-in for it; without axes it is the sum of everything.

    An axis of 0 needs no sum for PyTorch where the shape has 1: it refuses that.
    """
    if not shape:
        return x.sum()
    return x.sum_to_size(shape) if x.numel() else x.sum() + x.new_zeros(shape)


@shared
@given(stretch=stretches(), data=st.data())
def test_unbroadcast_and_its_pullback_are_within(any_target, stretch, data):
    """Its pullback is broadcasting: ours has none beside that."""
    small, shape = stretch
    (x,) = data.draw(laid_out(st.just((shape,)))).on(any_target)
    y = ours.unbroadcast(x, small)
    g = cotangent(data, y, any_target)
    value, gradients = autograd(summed, (x, small), g, count=1)
    judge(
        oracle("unbroadcast", x, small),
        like=x,
        ours=y,
        NumPy=counted(host(x), small),
        **value,
    )
    judge(
        oracle("unbroadcast.pullback", g, x, small),
        like=x,
        ours=(ours.broadcast_to(g, shape),),
        NumPy=(np.broadcast_to(host(g), shape),),
        **gradients,
    )


@shared
@given(x=operands("()->()", max_dims=3), data=st.data())
def test_expand_dims_is_numpys(any_target, x, data):
    (x,) = x.on(any_target)
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
    expected = exactly(np.expand_dims(host(x), tuple(axes)))
    judge(expected, like=x, ours=ours.expand_dims(x, tuple(axes)))


OPERATORS = {
    "multiply": (operator.mul, np.multiply),
    "add": (operator.add, np.add),
    "subtract": (operator.sub, np.subtract),
    "greater": (operator.gt, np.greater),
}


@shared
@given(operators=any_of(OPERATORS), pair=laid_out(st.tuples(SHAPES, SHAPES)))
def test_outer_of_any_operator_is_numpys(any_target, operators, pair):
    ours_of, numpys = operators
    x, y = pair.on(any_target)
    found = to_numpy(ours.outer(ours_of, x, y))
    # Each element is one rounded operation: to the bit, in the dtype itself.
    np.testing.assert_array_equal(
        found, numpys.outer(to_numpy(x), to_numpy(y)), strict=True
    )


@shared
@given(sides=st.tuples(st.integers(0, 4), st.integers(0, 4)), data=st.data())
def test_grids_are_numpys_meshgrid(any_target, sides, data):
    n, m = sides
    row, column = data.draw(laid_out(st.just(((n,), (m,))))).on(any_target)
    across, down = np.meshgrid(host(row), host(column))
    expected = exactly(across), exactly(down)
    judge(expected, like=row, ours=tuple(ours.grids(row, column)))
