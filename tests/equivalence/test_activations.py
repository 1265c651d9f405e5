"""Activations and their pullbacks, NumPy's formulas and PyTorch's built-ins: each held
to the reference."""

from dataclasses import replace
from functools import partial

import numpy as np
from equivalence.drawn import (
    MODERATE,
    NUMBERS,
    Case,
    Operands,
    any_of,
    cases,
    laid_out,
    operands,
    rows,
)
from equivalence.operations import Operation, each, functional, hold, quiet, shared
from hypothesis import given
from hypothesis import strategies as st

from scratchnet import activations as ours
from scratchnet.testing.strategies import contiguous

pytestmark = quiet

# Far beyond where exp overflows, in float32 and in float64.
HUGE = st.floats(-1e4, 1e4)
LOGITS = NUMBERS | HUGE | st.just(-np.inf)
POINTS = partial(cases, operands("()->()", elements=NUMBERS | HUGE, max_dims=3))


@st.composite
def along(draw):
    """Operands and an axis of theirs that has an entry or more."""
    *shape, classes = draw(rows())
    axis = draw(st.integers(-len(shape) - 1, len(shape)))
    shape.insert(axis % (len(shape) + 1), classes)
    x = draw(laid_out(st.just((tuple(shape),)), LOGITS))
    return Case(x, options={"axis": axis})


def softmax(x, *, axis=-1):
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def log_softmax(x, *, axis=-1):
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


POINTWISE = {
    "relu": Operation(
        "relu",
        ours.relu,
        ours.relu_vjp,
        lambda x: np.maximum(x, 0),
        functional("relu"),
        POINTS(),
    ),
    "leaky_relu": Operation(
        "leaky_relu",
        ours.leaky_relu,
        ours.leaky_relu_vjp,
        lambda x, *, slope: np.where(x > 0, x, slope * x),
        lambda torch, x, *, slope: torch.nn.functional.leaky_relu(x, slope),
        POINTS(slope=st.sampled_from((0.01, 0.1, 0.25))),
    ),
    "elu": Operation(
        "elu",
        ours.elu,
        ours.elu_vjp,
        lambda x, *, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
        functional("elu"),
        POINTS(alpha=st.sampled_from((0.7, 1.0, 2.0))),
    ),
    "sigmoid": Operation(
        "sigmoid",
        ours.sigmoid,
        ours.sigmoid_vjp,
        lambda x: 1 / (1 + np.exp(-x)),
        lambda torch, x: torch.sigmoid(x),
        POINTS(),
    ),
    "sine": Operation(
        "sine",
        ours.sine,
        ours.sine_vjp,
        np.sin,
        lambda torch, x: torch.sin(x),
        POINTS(),
    ),
}
ALONG_AN_AXIS = {
    "softmax": Operation(
        "softmax",
        ours.softmax,
        ours.softmax_vjp,
        softmax,
        lambda torch, x, *, axis=-1: torch.softmax(x, axis),
        along(),
    ),
    "log_softmax": Operation(
        "log_softmax",
        ours.log_softmax,
        ours.log_softmax_vjp,
        log_softmax,
        lambda torch, x, *, axis=-1: torch.log_softmax(x, axis),
        along(),
    ),
}
OPERATIONS = POINTWISE | ALONG_AN_AXIS


@each(OPERATIONS)
@shared
@given(data=st.data())
def test_activations_and_pullbacks_are_within(op, any_target, data):
    """Entries of -inf and rows of nothing else, and entries thousands apart, too."""
    hold(op, *data.draw(op.cases).on(any_target), any_target, data)


KINKS = Operands((np.asarray([0.0, -0.0, -1e4, 1e4, -745.0, 90.0]),), (contiguous,))


@shared
@given(op=any_of(POINTWISE), data=st.data())
def test_at_kinks_and_far_out_all_are_within(any_target, op, data):
    """Where a derivative is a convention, it is PyTorch's; and nothing overflows."""
    case = replace(data.draw(op.cases), operands=KINKS)
    hold(op, *case.on(any_target), any_target, data)


TABLES = st.tuples(st.tuples(st.integers(0, 4), st.integers(1, 4)))


@shared
@given(
    op=any_of(ALONG_AN_AXIS), x=laid_out(TABLES, MODERATE), offset=HUGE, data=st.data()
)
def test_softmax_of_rows_far_apart_is_within(any_target, op, x, offset, data):
    """What is subtracted for the sake of range is each row's own maximum."""
    (x,) = x.on(any_target)
    x = x + any_target.array(offset * np.arange(x.shape[0]))[:, None]
    hold(op, (x,), {}, any_target, data)


NOWHERE = np.asarray([[-np.inf, -np.inf], [-np.inf, 0.0]])


@each(ALONG_AN_AXIS)
@shared
@given(data=st.data())
def test_a_row_of_nothing_but_minus_infinity_is_within(op, any_target, data):
    """It is NaN, the other row is not: the oracle is certain of both."""
    hold(op, (any_target.array(NOWHERE),), {}, any_target, data)
