"""Losses and their pullbacks against NumPy's formulas and PyTorch's built-ins.

Classes lie along our last axis, and along PyTorch's axis 1: it is handed flat rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from equivalence.autograd import autograd
from equivalence.drawn import (
    NUMBERS,
    Operands,
    alike,
    any_of,
    cotangent,
    laid_out,
    operands,
    rows,
)
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from interim import agree, wide

from scratchnet import losses as ours

REDUCTIONS = st.sampled_from(("none", "mean", "sum"))
# Beyond where exp overflows, and beyond where any probability is left.
LOGITS = NUMBERS | st.floats(-1e4, 1e4) | st.just(-np.inf)
silently = partial(np.errstate, invalid="ignore", divide="ignore")


@dataclass(frozen=True)
class Classified:
    """Rows of scores with a label each, and the options of a loss of them."""

    scores: Operands
    labels: np.ndarray
    weights: np.ndarray | None
    ignore_index: int | None
    reduction: str

    def on(self, target):
        """The scores, the labels and the options, on the target."""
        weights = None if self.weights is None else target.array(self.weights)
        options = {
            "weights": weights,
            "ignore_index": self.ignore_index,
            "reduction": self.reduction,
        }
        return *self.scores.on(target), target.array(self.labels), options


@st.composite
def classified(draw, elements=NUMBERS):
    """With and without weights, some of them 0; with and without labels to ignore."""
    (shape,) = draw(rows())
    *loop, classes = shape
    scores = draw(laid_out(st.just((shape,)), elements))
    within = st.integers(0, classes - 1)
    ignore_index = draw(st.none() | within | st.integers(-100, -1))
    usable = within if ignore_index is None else within | st.just(ignore_index)
    labels = draw(arrays(np.int64, tuple(loop), elements=usable, fill=st.nothing()))
    some = arrays(np.float64, classes, elements=st.floats(0, 4), fill=st.nothing())
    return Classified(
        scores, labels, draw(st.none() | some), ignore_index, draw(REDUCTIONS)
    )


def numpys_nll(x, labels, *, weights, ignore_index, reduction):
    weights = np.ones(x.shape[-1]) if weights is None else wide(weights)
    counts = (
        np.full(labels.shape, True) if ignore_index is None else labels != ignore_index
    )
    places = np.where(counts, labels, 0)
    share = np.where(counts, weights[places], 0)
    chosen = np.take_along_axis(x, places[..., None], axis=-1)[..., 0]
    costs = np.where(counts, -chosen * share, 0)
    return {
        "none": lambda: costs,
        "sum": lambda: costs.sum(),
        "mean": lambda: costs.sum() / share.sum(),
    }[reduction]()


def pytorchs(name, labels, options):
    """The loss of this name in torch.nn.functional, of flat rows."""

    def loss(torch, x):
        weights = options["weights"]
        ignored = options["ignore_index"]
        flat = getattr(torch.nn.functional, name)(
            x.reshape((labels.size, x.shape[-1])),
            torch.tensor(labels).reshape(labels.size),
            weight=None if weights is None else torch.tensor(wide(weights)),
            ignore_index=-100 if ignored is None else ignored,
            reduction=options["reduction"],
        )
        return flat.reshape(labels.shape) if options["reduction"] == "none" else flat

    return loss


@given(case=classified())
def test_nll_is_numpys_choice_along_an_axis(target, case):
    x, labels, options = case.on(target)
    with silently():
        found = ours.nll(x, labels, **options)
        expected = numpys_nll(wide(x), case.labels, **options)
        magnitude = -numpys_nll(abs(wide(x)), case.labels, **options)
    agree(found, expected, magnitude=magnitude, like=x)


@given(case=classified(), data=st.data())
def test_nll_and_its_pullback_are_pytorchs(target, case, data):
    x, labels, options = case.on(target)
    with silently():
        y, pullback = ours.nll_vjp(x, labels, **options)
        g = cotangent(data, y, target)
        (found,) = pullback(g)
    loss = pytorchs("nll_loss", case.labels, options)
    value, (expected,) = autograd(loss, [x], g)
    magnitude, (size,) = autograd(loss, [-abs(x)], -abs(g))
    agree(y, value, magnitude=magnitude, like=x)
    agree(found, expected, magnitude=size, like=x)


@given(case=classified(LOGITS), data=st.data())
def test_cross_entropy_and_its_pullback_are_pytorchs(target, case, data):
    """Also at logits of -inf, in rows of nothing else, and thousands apart."""
    x, labels, options = case.on(target)
    with silently():
        y, pullback = ours.cross_entropy_vjp(x, labels, **options)
        agree(ours.cross_entropy(x, labels, **options), wide(y), like=x)
        g = cotangent(data, y, target)
        (found,) = pullback(g)
    loss = pytorchs("cross_entropy", case.labels, options)
    value, (expected,) = autograd(loss, [x], g)
    agree(y, value, like=x)
    agree(found, expected, like=x)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize(
    ("labels", "ignore_index"), [([], None), ([7, 7], 7), ([1, 1], 1)]
)
def test_of_nothing_that_counts_the_mean_is_nan_and_the_sum_0_as_in_pytorch(
    target, labels, ignore_index, reduction
):
    """No rows, and rows that are all ignored, under labels of a class or of none."""
    labels = np.asarray(labels, np.int64)
    x = target.array(np.arange(3.0 * labels.size).reshape(-1, 3))
    options = {"weights": None, "ignore_index": ignore_index, "reduction": reduction}
    with silently():
        y, pullback = ours.cross_entropy_vjp(x, target.array(labels), **options)
        g = target.array(np.full(y.shape, 3.0))
        (found,) = pullback(g)
    loss = pytorchs("cross_entropy", labels, options)
    value, (expected,) = autograd(loss, [x], g)
    agree(y, value, like=x)
    agree(found, expected, like=x)


@dataclass(frozen=True)
class Pairwise:
    """A loss of pairs of numbers, what NumPy and PyTorch offer for it, and how large
    the numbers are that it is made of."""

    f: Callable[..., Any]
    f_vjp: Callable[..., Any]
    numpy: Callable[..., Any]
    torch: str
    magnitude: Callable[..., Any]
    targets: st.SearchStrategy[float]


PAIRWISE = {
    "binary_cross_entropy": Pairwise(
        ours.binary_cross_entropy,
        ours.binary_cross_entropy_vjp,
        lambda x, t: np.logaddexp(0, x) - t * x,
        "binary_cross_entropy_with_logits",
        lambda x, t: 1 + abs(x) + abs(t * x),
        st.floats(0, 1),
    ),
    "mse": Pairwise(
        ours.mse,
        ours.mse_vjp,
        lambda x, t: (x - t) ** 2,
        "mse_loss",
        lambda x, t: (abs(x) + abs(t)) ** 2,
        NUMBERS,
    ),
}


def reduced(costs, reduction):
    with silently():
        return {
            "none": lambda: costs,
            "sum": lambda: costs.sum(),
            "mean": lambda: costs.sum() / np.float64(costs.size),
        }[reduction]()


@given(
    op=any_of(PAIRWISE),
    x=operands("()->()", max_dims=3),
    reduction=REDUCTIONS,
    data=st.data(),
)
def test_losses_of_pairs_are_numpys(target, op, x, reduction, data):
    (x,) = x.on(target)
    (t,) = data.draw(alike(x, op.targets)).on(target)
    found = op.f(x, t, reduction=reduction)
    expected = reduced(op.numpy(wide(x), wide(t)), reduction)
    magnitude = reduced(op.magnitude(wide(x), wide(t)), reduction)
    agree(found, expected, magnitude=magnitude, like=x)


@pytest.mark.parametrize("op", PAIRWISE.values(), ids=PAIRWISE)
@given(x=operands("()->()", max_dims=3), reduction=REDUCTIONS, data=st.data())
def test_losses_of_pairs_and_their_pullbacks_are_pytorchs(
    op, target, x, reduction, data
):
    (x,) = x.on(target)
    (t,) = data.draw(alike(x, op.targets)).on(target)
    y, pullback = op.f_vjp(x, t, reduction=reduction)
    g = cotangent(data, y, target)

    def builtin(torch, x, t):
        return getattr(torch.nn.functional, op.torch)(x, t, reduction=reduction)

    value, (dx, dt) = autograd(builtin, [x, t], g)
    found_dx, found_dt = pullback(g)
    magnitude = reduced(op.magnitude(wide(x), wide(t)), reduction)
    agree(y, value, magnitude=magnitude, like=x)
    agree(found_dx, dx, like=x)
    agree(found_dt, dt, like=t)
