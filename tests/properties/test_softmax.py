"""Softmax normalizes each row over its classes: what that means, and what it excludes.

A softmax that normalizes over the batch instead gives numbers between 0 and 1, a loss
that falls and a good accuracy within the batch. Three laws tell the two apart.
"""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from judged import judge, oracle

from scratchnet import (
    cross_entropy,
    cross_entropy_vjp,
    digits,
    log_softmax,
    nll,
    perceptron,
    scaled_normal,
    softmax,
)
from scratchnet.testing import assert_within

DTYPES = ["float32", "float64"]
BATCHES = array_shapes(min_dims=2, max_dims=2, max_side=12)
#: Multiples of 1/8: moved by whole numbers up to 2^20 not even float32 rounds them.
EIGHTHS = st.integers(-512, 512).map(lambda i: i / 8)
SHIFTS = st.integers(-(2**20), 2**20).map(float)

each_dtype = pytest.mark.parametrize("dtype", DTYPES)


def batches(dtype, elements=EIGHTHS, shape=BATCHES):
    return arrays(dtype, shape, elements=elements, fill=st.nothing())


def finite(dtype, share=1.0):
    """Any finite numbers up to this share of the largest."""
    bound = float(np.finfo(dtype).max) * share
    return st.floats(-bound, bound, width=np.finfo(dtype).bits)


@st.composite
def shifted(draw, dtype):
    """A batch, and a number of its own for each row."""
    x = draw(batches(dtype))
    return x, draw(batches(dtype, SHIFTS, (len(x), 1)))


def sums_of_rows(x):
    """What is 1, but for the rounding of any softmax and of the sum."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return (powers / powers.sum(axis=-1, keepdims=True)).sum(axis=-1)


def rows_sum_to_one(f, x, _):
    assert_within(f(x).sum(axis=-1), sums_of_rows, x)


def a_row_alone_is_the_row_in_its_batch(f, x, _):
    alone = np.concatenate([f(row[None]) for row in x])
    np.testing.assert_array_equal(f(x), alone, strict=True)


def a_shift_of_a_row_changes_nothing(f, x, shift):
    np.testing.assert_array_equal(f(x + shift), f(x), strict=True)


each_law = pytest.mark.parametrize(
    "law",
    [
        rows_sum_to_one,
        a_row_alone_is_the_row_in_its_batch,
        a_shift_of_a_row_changes_nothing,
    ],
)


@each_law
@each_dtype
@given(data=st.data())
def test_softmax_is_over_the_classes(law, dtype, data):
    law(softmax, *data.draw(shifted(dtype)))


def softmax_over_the_batch(x):
    """The lesson's first softmax. Broadcasting (n, c) / (c,) is legal."""
    powers = np.exp(x)
    return powers / powers.sum(axis=0)


@each_law
def test_a_softmax_over_the_batch_is_found_out(law):
    """The control: each law alone sees it."""
    x, shift = np.array([[0.0, 1, 2], [3, 1, 0]]), np.array([[0.0], [2.0]])
    with pytest.raises(AssertionError):
        law(softmax_over_the_batch, x, shift)


@each_dtype
@given(data=st.data())
def test_log_softmax_is_the_logarithm_of_softmax(dtype, data):
    """Compared as probabilities: a logarithm may be finite where softmax is 0."""
    x = data.draw(batches(dtype))
    judge(oracle("softmax", x), ours=softmax(x), ours_as_exp=np.exp(log_softmax(x)))


@given(shape=BATCHES, logit=finite("float64"))
def test_uniform_logits_cost_the_log_of_the_class_count(shape, logit):
    """An untrained net starts at log(classes), not at log(rows in the batch)."""
    rows, classes = shape
    labels = np.arange(rows) % classes
    found = cross_entropy(np.full(shape, logit), labels)
    assert_within(found, lambda c: np.mean(np.log(c)), np.full(rows, float(classes)))


@each_dtype
@given(data=st.data())
def test_any_finite_logits_have_probabilities(dtype, data):
    x = data.draw(batches(dtype, finite(dtype)))
    # The difference of two finite numbers may be -inf: its exponential is 0 all right.
    with np.errstate(over="ignore"):
        rows_sum_to_one(softmax, x, None)


@each_dtype
@given(data=st.data())
def test_any_finite_logits_have_finite_logarithms(dtype, data):
    """Up to half the largest number, so that differences are finite too."""
    x = data.draw(batches(dtype, finite(dtype, share=0.5)))
    y = log_softmax(x)
    assert np.all(np.isfinite(y))
    assert np.all(y <= 0)


@pytest.mark.parametrize(("dtype", "huge"), [("float32", 1e38), ("float64", 8e307)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_huge_logit_takes_all_or_nothing(dtype, huge, sign):
    x = np.array([[sign * huge, 0], [sign * huge, sign * huge]], dtype)
    taken = float(sign > 0)
    assert softmax(x).tolist() == [[taken, 1 - taken], [0.5, 0.5]]


@each_dtype
@given(data=st.data())
def test_a_logit_of_minus_infinity_is_a_class_left_out(dtype, data):
    x = data.draw(batches(dtype))
    masked = np.insert(x, 0, -np.inf, axis=1)
    assert np.all(softmax(masked)[:, 0] == 0)
    assert np.all(log_softmax(masked)[:, 0] == -np.inf)
    judge(oracle("softmax", x), ours=softmax(x), ours_masked=softmax(masked)[:, 1:])


@pytest.mark.parametrize("f", [softmax, log_softmax])
@pytest.mark.parametrize("row", [[-np.inf, -np.inf], [np.inf, 0], [np.nan, 0]], ids=str)
def test_a_row_without_a_distribution_is_nan_and_the_others_are_not(f, row):
    with np.errstate(invalid="ignore"):
        y = f(np.array([row, [0.0, 0.0]]))
    assert np.isnan(y[0]).all()
    np.testing.assert_array_equal(y[1], f(np.zeros(2)))


@pytest.fixture(scope="module")
def untrained():
    """Logits of a net near zero on one batch of 64 digits, and their labels."""
    batch = digits().train
    rng = np.random.default_rng(0)
    net = perceptron((64, 10), xp=np, rng=rng, init=scaled_normal)
    return net(batch.images[:64]), batch.labels[:64]


def test_an_untrained_net_costs_about_the_log_of_ten(untrained):
    """Nearer to a choice among ten classes than to one among nine or eleven."""
    assert log(9) < cross_entropy(*untrained) < log(11)


def test_over_the_batch_it_would_cost_the_log_of_the_batch_size(untrained):
    """What the lesson printed: a first loss of 4.16."""
    logits, labels = untrained
    first = nll(np.log(softmax_over_the_batch(logits)), labels)
    assert log(63) < first < log(65)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int64"])
def test_labels_may_be_of_any_integer_dtype(dtype):
    """Also of one too narrow for every class: class 256 is no class 0."""
    labels = np.array([0, 1], dtype)
    value, pullback = cross_entropy_vjp(np.zeros((2, 300)), labels, reduction="sum")
    assert_within(value, lambda c: np.sum(np.log(c)), np.full(2, 300.0))
    assert (np.argwhere(pullback(value)[0] < 0) == [[0, 0], [1, 1]]).all()
