"""Standardizing by given numbers, ours, NumPy's and PyTorch's: each held to the
reference."""

import numpy as np
from equivalence.autograd import autograd
from equivalence.drawn import cotangent, operands
from equivalence.operations import quiet, shared
from hypothesis import given
from hypothesis import strategies as st
from judged import host, judge, oracle

from scratchnet.data import Standardizer

pytestmark = quiet


def standardized(x, mean, deviation):
    return (x - mean) / deviation


@shared
@given(
    x=operands("(n,f)->()", max_dims=0),
    mean=st.floats(-8, 8),
    deviation=st.floats(0.125, 8),
    data=st.data(),
)
def test_standardizing_is_within(any_target, x, mean, deviation, data):
    """Ours has no pullback: nothing is learnt before the data."""
    (x,) = x.on(any_target)
    numbers = (np.full(x.shape[1:], number) for number in (mean, deviation))
    inputs = x, *map(any_target.array, numbers)
    y = Standardizer(*inputs[1:])(x)
    g = cotangent(data, y, any_target)
    value, gradients = autograd(lambda _, *x: standardized(*x), inputs, g, count=1)
    numpys = standardized(*map(host, inputs))
    judge(oracle("standardize", *inputs), like=x, ours=y, NumPy=numpys, **value)
    judge(
        oracle("standardize.pullback", g, *inputs),
        NumPy=(host(g) / host(inputs[2]),),
        **gradients,
    )
