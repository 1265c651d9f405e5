"""Activations and their pullbacks against NumPy's formulas and PyTorch's built-ins."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from equivalence.autograd import autograd
from equivalence.drawn import NUMBERS, any_of, cotangent, laid_out, operands, rows
from hypothesis import given
from hypothesis import strategies as st
from interim import agree, wide

from scratchnet import activations as ours


@dataclass(frozen=True)
class Activation:
    """An activation, its VJP rule, and what NumPy and PyTorch offer for it."""

    f: Callable[..., Any]
    f_vjp: Callable[..., Any]
    numpy: Callable[..., Any]
    torch: Callable[..., Any]


def log_softmax(x, axis=-1):
    # Shifted, or the logarithm would be as inaccurate as the logits are large.
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.logaddexp.reduce(x, axis=axis, keepdims=True)


POINTWISE = {
    "relu": Activation(
        ours.relu,
        ours.relu_vjp,
        lambda x: np.maximum(x, 0),
        lambda torch, x: torch.nn.functional.relu(x),
    ),
    "leaky_relu": Activation(
        partial(ours.leaky_relu, slope=0.1),
        partial(ours.leaky_relu_vjp, slope=0.1),
        lambda x: np.maximum(x, 0) + 0.1 * np.minimum(x, 0),
        lambda torch, x: torch.nn.functional.leaky_relu(x, 0.1),
    ),
    "elu": Activation(
        partial(ours.elu, alpha=2.0),
        partial(ours.elu_vjp, alpha=2.0),
        lambda x: np.maximum(x, 0) + 2 * np.expm1(np.minimum(x, 0)),
        lambda torch, x: torch.nn.functional.elu(x, 2.0),
    ),
    "sigmoid": Activation(
        ours.sigmoid,
        ours.sigmoid_vjp,
        lambda x: np.exp(-np.logaddexp(0, -x)),
        lambda torch, x: torch.sigmoid(x),
    ),
    "sine": Activation(ours.sine, ours.sine_vjp, np.sin, lambda torch, x: torch.sin(x)),
}
ALONG_AN_AXIS = {
    "softmax": Activation(
        ours.softmax,
        ours.softmax_vjp,
        lambda x, axis=-1: np.exp(log_softmax(x, axis)),
        lambda torch, x, axis=-1: torch.softmax(x, axis),
    ),
    "log_softmax": Activation(
        ours.log_softmax,
        ours.log_softmax_vjp,
        log_softmax,
        lambda torch, x, axis=-1: torch.log_softmax(x, axis),
    ),
}
pointwise = pytest.mark.parametrize("op", POINTWISE.values(), ids=POINTWISE)
along_an_axis = pytest.mark.parametrize("op", ALONG_AN_AXIS.values(), ids=ALONG_AN_AXIS)

# Far beyond where exp overflows, in float32 and in float64.
HUGE = st.floats(-1e4, 1e4)
LOGITS = NUMBERS | HUGE | st.just(-np.inf)
TABLES = st.tuples(st.tuples(st.integers(0, 4), st.integers(1, 4)))


@given(op=any_of(POINTWISE), x=operands("()->()", elements=NUMBERS | HUGE, max_dims=3))
def test_activations_are_numpys(target, op, x):
    (x,) = x.on(target)
    agree(op.f(x), op.numpy(wide(x)), like=x)


@pointwise
@given(x=operands("()->()", max_dims=3), data=st.data())
def test_activations_and_pullbacks_are_pytorchs(op, target, x, data):
    (x,) = x.on(target)
    y, pullback = op.f_vjp(x)
    g = cotangent(data, y, target)
    value, gradients = autograd(op.torch, [x], g)
    agree(y, value, like=x)
    agree(*pullback(g), *gradients, like=x)


@given(op=any_of(POINTWISE), data=st.data())
def test_at_kinks_and_far_out_pullbacks_are_pytorchs(target, op, data):
    """Where a derivative is a convention, ours is theirs; and nothing overflows."""
    x = target.array(np.asarray([0.0, -0.0, -1e4, 1e4, -745.0, 90.0]))
    y, pullback = op.f_vjp(x)
    g = cotangent(data, y, target)
    value, gradients = autograd(op.torch, [x], g)
    agree(y, value, like=x)
    agree(*pullback(g), *gradients, like=x)


@st.composite
def along(draw, elements=NUMBERS):
    """Operands and an axis of theirs that has an entry or more."""
    ((*shape, classes),) = draw(rows())
    axis = draw(st.integers(-len(shape) - 1, len(shape)))
    shape.insert(axis % (len(shape) + 1), classes)
    return draw(laid_out(st.just((tuple(shape),)), elements)), axis


@given(op=any_of(ALONG_AN_AXIS), case=along())
def test_softmax_along_any_axis_is_numpys(target, op, case):
    x, axis = case
    (x,) = x.on(target)
    agree(op.f(x, axis=axis), op.numpy(wide(x), axis=axis), like=x)


@along_an_axis
@given(case=along(LOGITS), data=st.data())
def test_softmax_and_pullback_along_any_axis_are_pytorchs(op, target, case, data):
    """Entries of -inf and rows of nothing else, and entries thousands apart."""
    x, axis = case
    (x,) = x.on(target)
    with np.errstate(invalid="ignore"):
        y, pullback = op.f_vjp(x, axis=axis)
        g = cotangent(data, y, target)
        (found,) = pullback(g)
    value, (expected,) = autograd(partial(op.torch, axis=axis), [x], g)
    agree(y, value, like=x)
    agree(found, expected, like=x)


@given(op=any_of(ALONG_AN_AXIS), x=laid_out(TABLES), offset=HUGE)
def test_softmax_of_rows_far_apart_is_numpys(target, op, x, offset):
    """What is subtracted for the sake of range is each row's own maximum."""
    (x,) = x.on(target)
    x = x + target.array(offset * np.arange(x.shape[0]))[:, None]
    agree(op.f(x), op.numpy(wide(x)), like=x)


@along_an_axis
def test_a_row_of_nothing_but_minus_infinity_is_nan_as_in_pytorch(op, target):
    x = target.array(np.asarray([[-np.inf, -np.inf], [-np.inf, 0.0]]))
    with np.errstate(invalid="ignore"):
        y, pullback = op.f_vjp(x)
        gradients = pullback(target.array(np.asarray([[1.0, 2.0], [3.0, 4.0]])))
    g = target.array(np.asarray([[1.0, 2.0], [3.0, 4.0]]))
    value, expected = autograd(op.torch, [x], g)
    agree(y, value, like=x)
    agree(*gradients, *expected, like=x)
