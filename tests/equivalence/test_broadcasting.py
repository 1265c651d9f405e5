"""New axes, outer products and grids: ours are NumPy's."""

import operator

import numpy as np
from equivalence.drawn import any_of, laid_out, operands, quiet, shared
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from judged import exactly, host, judge

from scratchnet import broadcasting as ours
from scratchnet.arrays import to_numpy

pytestmark = quiet

SHAPES = array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


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
