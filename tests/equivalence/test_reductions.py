"""Sum and mean over any axes and their pullbacks, ours, NumPy's and PyTorch's: each
held to the reference."""

import numpy as np
from equivalence.drawn import Case, operands
from equivalence.operations import Operation, each, hold, quiet, shared
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import valid_tuple_axes

from scratchnet import reductions as ours

pytestmark = quiet


def axes(rank):
    """One axis, several, none at all, or None for all, of an array of this rank."""
    several = valid_tuple_axes(rank, min_size=0)
    one = st.integers(-rank, rank - 1)
    return st.none() | (one | several if rank else several)


@st.composite
def reduced(draw):
    """An array and some of its axes."""
    x = draw(operands("()->()", max_dims=3))
    axis = draw(axes(x.values[0].ndim))
    return Case(x, options={"axis": axis, "keepdims": draw(st.booleans())})


def pytorchs(name):
    """PyTorch takes no axes at all for all of them; we and NumPy take them for none."""

    def builtin(torch, x, *, axis, keepdims):
        if axis == () or x.ndim == 0:
            return x + 0
        return getattr(torch, name)(x, dim=axis, keepdim=keepdims)

    return builtin


OPERATIONS = {
    "sum": Operation("sum", ours.sum, ours.sum_vjp, np.sum, pytorchs("sum"), reduced()),
    "mean": Operation(
        "mean", ours.mean, ours.mean_vjp, np.mean, pytorchs("mean"), reduced()
    ),
}


@each(OPERATIONS)
@shared
@given(data=st.data())
def test_reductions_and_pullbacks_are_within(op, any_target, data):
    hold(op, *data.draw(op.cases).on(any_target), any_target, data)
