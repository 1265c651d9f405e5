"""Sum and mean over any axes, with their pullbacks, against NumPy's and PyTorch's."""

import numpy as np
import pytest
from equivalence.autograd import autograd
from equivalence.drawn import cotangent, operands
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import valid_tuple_axes
from interim import agree, wide

from scratchnet import reductions as ours

OPS = {
    "sum": (ours.sum, ours.sum_vjp, np.sum, lambda torch: torch.sum),
    "mean": (ours.mean, ours.mean_vjp, np.mean, lambda torch: torch.mean),
}
each_op = pytest.mark.parametrize("op", OPS.values(), ids=OPS)


def axes(rank, least):
    """One axis, several, or None for all, of an array of this rank."""
    several = valid_tuple_axes(rank, min_size=least)
    one = st.integers(-rank, rank - 1)
    return st.none() | (one | several if rank else several)


@each_op
@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
@given(x=operands("()->()", max_dims=3), data=st.data(), keepdims=st.booleans())
def test_reductions_are_numpys(op, target, x, data, keepdims):
    f, _, numpy, _ = op
    (x,) = x.on(target)
    axis = data.draw(axes(x.ndim, least=0), label="axis")
    agree(
        f(x, axis=axis, keepdims=keepdims),
        numpy(wide(x), axis=axis, keepdims=keepdims),
        magnitude=numpy(np.abs(wide(x)), axis=axis, keepdims=keepdims),
        like=x,
    )


@each_op
@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
@given(x=operands("()->()", max_dims=3), data=st.data(), keepdims=st.booleans())
def test_reductions_and_pullbacks_are_pytorchs(op, target, x, data, keepdims):
    _, f_vjp, _, torchs = op
    (x,) = x.on(target)
    # For no axes at all, least=0, PyTorch reduces over every one.
    axis = data.draw(axes(x.ndim, least=1) if x.ndim else st.none(), label="axis")
    y, pullback = f_vjp(x, axis=axis, keepdims=keepdims)
    g = cotangent(data, y, target)

    def builtin(torch, x):
        return torchs(torch)(x, dim=axis, keepdim=keepdims)

    value, gradients = autograd(builtin, [x], g)
    magnitude, _ = autograd(builtin, [abs(x)], g)
    agree(y, value, magnitude=magnitude, like=x)
    agree(*pullback(g), *gradients, like=x)
