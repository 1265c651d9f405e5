"""What normalizations are made of: means that are updated, factors multiplied out, and
roots below a fraction; each inside its bound, and outside of a smaller one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rational import numbers

from scratchnet.testing.bounded import Bounded, folding, functions, variance
from scratchnet.testing.compare import within
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import FORMATS

FLOAT32 = Contract(FORMATS["float32"])


def given_numbers(*values):
    return Bounded.exact(np.asarray(values, np.float32), FLOAT32)


def off_by(x, share, way):
    """Numbers that are held to be x, but may be off by a share, and are, some way."""
    error = np.abs(x.astype(np.float64)) * share
    largest = FLOAT32.format.largest
    held = np.asarray(np.clip(x + way * error, -largest, largest), np.float32)
    error = np.maximum(error, np.abs(held.astype(np.float64) - x))
    return Bounded(x.astype(np.float64), FLOAT32, error), held


# x a - m a + b.

ORDERS = {
    "bias first": lambda x, m, a, b: x * a + (b - m * a),
    "bias last": lambda x, m, a, b: (x * a - m * a) + b,
    "mean last": lambda x, m, a, b: (b + x * a) - m * a,
    "undone": lambda x, m, a, b: (x - m) * a + b,
}


@pytest.mark.parametrize("order", ORDERS)
@given(
    x=st.lists(numbers("float32"), min_size=4, max_size=4),
    ways=st.lists(st.floats(-1, 1), min_size=2, max_size=2),
    share=st.sampled_from([0.0, 2.0**-24, 2.0**-20, 2.0**-8]),
)
def test_a_factor_multiplied_out_is_inside_its_bound(order, x, ways, share):
    """Whatever mean and factor are held, within what they may be off."""
    x, m, a, b = np.asarray(x, np.float32)[:, None]
    (center, m), (factor, a) = (
        off_by(part, share, way) for part, way in zip((m, a), ways, strict=True)
    )
    bound = folding.folded(given_numbers(*x), center, factor, given_numbers(*b))
    with np.errstate(all="ignore"):
        found = ORDERS[order](x, m, a, b)
    assert within(found, bound).ok


def far_away():
    """A factor that may be off by 2^-4, of a number 1/8 from a mean of 1000."""
    x, m = np.asarray([1000.125], np.float32), np.asarray([1000.0])
    factor = Bounded(np.asarray([3.0]), FLOAT32, 2.0**-4)
    return given_numbers(*x), Bounded(m, FLOAT32), factor


def test_what_both_products_share_does_not_count_twice():
    """(x - m) a with a off by twice as much as it may be is outside of the bound;
    operation by operation even what is off a hundred times as much would be inside."""
    x, m, a = far_away()
    for often, ok in ((0.5, True), (2.0, False), (100.0, False)):
        found = np.asarray([0.125 * (3.0 + often * 2.0**-4)], np.float32)
        assert within(found, folding.folded(x, m, a)).ok is ok
        assert within(found, x * a - m * a).ok


def test_a_bound_without_the_rounding_of_the_products_is_left(monkeypatch):
    """The control: what is multiplied out rounds numbers of the size of the mean."""
    rng = np.random.default_rng(0)
    x, m, a = (rng.normal(size=50).astype(np.float32) + c for c in (1000, 1000, 1))
    x, m, a = (part.astype(np.float32) for part in (x, m, a))
    found = x * a - m * a
    arrays = [given_numbers(*part) for part in (x, m, a)]
    assert within(found, folding.folded(*arrays)).ok
    monkeypatch.setattr(folding, "gamma", lambda *_: 0.0)
    assert not within(found, folding.folded(*arrays)).ok


@pytest.mark.parametrize(
    ("x", "a", "found"),
    [
        # inf - inf, where (x - m) a is infinite, or may be a number.
        (np.inf, 1.0, np.nan),
        (1.0, np.inf, np.nan),
        (3e38, 4.0, np.nan),
    ],
)
def test_infinities_may_meet_in_what_is_multiplied_out(x, a, found):
    bound = folding.folded(given_numbers(x), given_numbers(0.5), given_numbers(a))
    assert within(np.asarray([found], np.float32), bound).ok


def test_what_is_nan_with_the_factor_outside_certainly_is():
    x = given_numbers(np.nan, 1.0, 1.0)
    one, b = given_numbers(1.0, 0.5, 0.5), given_numbers(0.0, np.nan, np.inf)
    bound = folding.folded(x, one, one, b)
    np.testing.assert_array_equal(bound.value, [np.nan, np.nan, np.inf])
    assert not bound.error.any()


# A mean that is updated.


def updated(x):
    """Welford's: each number moves the mean by its share."""
    mean = x[0]
    for i, each in enumerate(x[1:], 2):
        mean = mean + (each - mean) / x.dtype.type(i)
    return np.asarray([mean])


def merged(x):
    """Of two halves, each in the same way."""
    if len(x) == 1:
        return x
    half = len(x) // 2
    first, second = merged(x[:half]), merged(x[half:])
    share = x.dtype.type(len(x) - half) / x.dtype.type(len(x))
    return first + (second - first) * share


@pytest.mark.parametrize("mean", [updated, merged, lambda x: x.mean(keepdims=True)])
@given(x=st.lists(numbers("float32"), min_size=1, max_size=12))
def test_the_mean_in_any_way_is_inside_its_bound(mean, x):
    x = np.asarray(x, np.float32)
    with np.errstate(all="ignore"):
        bound = variance.mean_in_any_way(given_numbers(*x), axis=0)
        assert within(mean(x), bound).ok


def test_an_updated_mean_is_not_that_of_the_sum():
    """The control: each step may underflow, where a sum does once."""
    x = np.asarray([2.2959e-41, 1.4013e-45, 6.8877e-41], np.float32)
    summed = given_numbers(*x).mean(axis=0, keepdims=True)
    assert within(x.mean(keepdims=True), summed).ok
    assert not within(updated(x), summed).ok


def test_the_mean_of_one_number_is_that_number():
    assert variance.mean_in_any_way(given_numbers(0.1), axis=0).is_exact


# x ** -0.5.


@given(x=st.floats(2.0**-20, 1e4, width=32), way=st.floats(-1, 1))
def test_a_reciprocal_root_is_inside_its_bound(x, way):
    bounded, held = off_by(np.asarray([x], np.float32), 2.0**-8, way)
    bound = bounded**-0.5
    assert within(held**-0.5, bound).ok
    assert within(1 / np.sqrt(held), bound).ok


def test_a_reciprocal_root_that_passes_nothing_on_is_left(monkeypatch):
    """The control: the error of its argument alone makes the difference."""
    bounded, held = off_by(np.asarray([0.75], np.float32), 2.0**-8, 1.0)
    assert within(held**-0.5, bounded**-0.5).ok
    function = functions._function
    monkeypatch.setattr(
        functions,
        "_function",
        lambda name, x, value, _, **more: function(name, x, value, None, **more),
    )
    assert not within(held**-0.5, bounded**-0.5).ok


def test_nothing_is_known_of_a_reciprocal_root_of_what_may_be_0():
    assert np.isinf((Bounded(np.asarray([1.0]), FLOAT32, 1.0) ** -0.5).error).all()
