"""Losses and their pullbacks, NumPy's formulas and PyTorch's built-ins: each held to
the reference.

Classes lie along our last axis, and along PyTorch's axis 1: it is handed flat rows.
"""

import numpy as np
import pytest
from equivalence.drawn import NUMBERS, Case, laid_out, rows
from equivalence.operations import Operation, each, functional, hold, quiet, shared
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scratchnet import losses as ours
from scratchnet.arrays import to_numpy
from scratchnet.testing.strategies import operand_shapes

pytestmark = quiet

REDUCTIONS = st.sampled_from(("none", "mean", "sum"))
# Beyond where exp overflows, and beyond where any probability is left.
LOGITS = NUMBERS | st.floats(-1e4, 1e4) | st.just(-np.inf)


@st.composite
def classified(draw, elements):
    """Rows of scores with a label each; with and without weights, some of them 0; with
    and without labels to ignore."""
    shape = draw(rows())
    *loop, classes = shape
    scores = draw(laid_out(st.just((shape,)), elements))
    valid = st.integers(0, classes - 1)
    ignored = draw(st.none() | valid | st.integers(-100, -1))
    usable = valid if ignored is None else valid | st.just(ignored)
    labels = draw(arrays(np.int64, tuple(loop), elements=usable, fill=st.nothing()))
    weights = arrays(np.float64, classes, elements=st.floats(0, 4), fill=st.nothing())
    options = {
        "weights": draw(st.none() | weights),
        "ignore_index": ignored,
        "reduction": draw(REDUCTIONS),
    }
    return Case(scores, (labels,), options)


@st.composite
def paired(draw, targets):
    """Predictions and as many targets."""
    (shape,) = draw(operand_shapes("()->()", max_dims=3))
    x = draw(laid_out(st.just((shape,))))
    t = draw(laid_out(st.just((shape,)), targets))
    pair = type(x)(x.values + t.values, x.layouts + t.layouts)
    return Case(pair, options={"reduction": draw(REDUCTIONS)})


def reduced(costs, total, reduction):
    """NumPy's costs, their sum, or that divided by the total."""
    if reduction == "none":
        return costs
    return costs.sum() if reduction == "sum" else costs.sum() / total


def numpys_nll(x, labels, *, weights, ignore_index, reduction):
    weights = np.ones(x.shape[-1], x.dtype) if weights is None else weights
    counts = (
        np.full(labels.shape, True) if ignore_index is None else labels != ignore_index
    )
    classes = np.where(counts, labels, 0)
    share = np.where(counts, weights[classes], x.dtype.type(0))
    chosen = np.take_along_axis(x, classes[..., None], axis=-1)[..., 0]
    costs = np.where(counts, -chosen * share, x.dtype.type(0))
    return reduced(costs, share.sum(), reduction)


def numpys_cross_entropy(x, labels, **options):
    shifted = x - x.max(axis=-1, keepdims=True)
    logarithm = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return numpys_nll(shifted - logarithm, labels, **options)


def numpys_binary_cross_entropy(x, t, *, reduction):
    costs = np.maximum(x, 0) - x * t + np.log1p(np.exp(-abs(x)))
    return reduced(costs, costs.size, reduction)


def numpys_mse(x, t, *, reduction):
    return reduced((x - t) ** 2, x.size, reduction)


def pytorchs(name):
    """The loss of this name in torch.nn.functional, of flat rows."""

    def loss(torch, x, labels, *, weights, ignore_index, reduction):
        flat = getattr(torch.nn.functional, name)(
            x.reshape((labels.numel(), x.shape[-1])),
            labels.reshape(labels.numel()),
            weight=weights,
            ignore_index=-100 if ignore_index is None else ignore_index,
            reduction=reduction,
        )
        return flat.reshape(labels.shape) if reduction == "none" else flat

    return loss


OPERATIONS = {
    "nll": Operation(
        "nll",
        ours.nll,
        ours.nll_vjp,
        numpys_nll,
        pytorchs("nll_loss"),
        classified(NUMBERS),
    ),
    "cross_entropy": Operation(
        "cross_entropy",
        ours.cross_entropy,
        ours.cross_entropy_vjp,
        numpys_cross_entropy,
        pytorchs("cross_entropy"),
        classified(LOGITS),
    ),
    "binary_cross_entropy": Operation(
        "binary_cross_entropy",
        ours.binary_cross_entropy,
        ours.binary_cross_entropy_vjp,
        numpys_binary_cross_entropy,
        functional("binary_cross_entropy_with_logits"),
        paired(st.floats(0, 1)),
    ),
    "mse": Operation(
        "mse",
        ours.mse,
        ours.mse_vjp,
        numpys_mse,
        functional("mse_loss"),
        paired(NUMBERS),
    ),
}


@each(OPERATIONS)
@shared
@given(data=st.data())
def test_losses_and_their_pullbacks_are_within(op, any_target, data):
    """Also at logits of -inf, in rows of nothing else, and thousands apart."""
    hold(op, *data.draw(op.cases).on(any_target), any_target, data)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize(
    ("labels", "ignore_index"), [([], None), ([7, 7], 7), ([1, 1], 1)]
)
@shared
@given(data=st.data())
def test_of_nothing_that_counts_the_mean_is_nan_and_the_sum_0(
    target, labels, ignore_index, reduction, data
):
    """No rows, and rows that are all ignored, under labels of a class or of none."""
    labels = np.asarray(labels, np.int64)
    x = target.array(np.arange(3.0 * labels.size).reshape(-1, 3))
    options = {"weights": None, "ignore_index": ignore_index, "reduction": reduction}
    inputs = x, target.array(labels)
    hold(OPERATIONS["cross_entropy"], inputs, options, target, data)
    expected = {"none": np.zeros(labels.shape), "mean": np.nan, "sum": 0.0}[reduction]
    y = ours.cross_entropy(*inputs, **options)
    np.testing.assert_array_equal(to_numpy(y), expected)
