"""What `within` says of exact, infinite, undecided and plainly wrong results."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnet.errors import ArgumentTypeError
from scratchnet.testing.bounded import Bounded, UnboundedError
from scratchnet.testing.compare import assert_within, within
from scratchnet.testing.contract import Contract
from scratchnet.testing.evaluate import accepted, oracle
from scratchnet.testing.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, FORMATS

SINGLE = Contract(FLOAT32)
inf, nan = np.inf, np.nan
largest = np.float32(FLOAT32.largest)
quiet = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def single(*x):
    return np.array(x, np.float32)


def total(x):
    return x.__array_namespace__().sum(x, axis=-1)


# Nothing rounds: bit by bit.


def gradient_step(w, g):
    """Stochastic gradient descent whose rates are powers of two."""
    return w - 0.25 * (g + 0.5 * w)


grid_points = st.lists(st.integers(-1000, 1000), min_size=1, max_size=30)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(x=grid_points)
def test_a_sum_on_the_grid_is_bitwise(dtype, x):
    x = np.array(x, dtype)
    found = assert_within(np.asarray(x.sum()), total, x)
    assert found.bitwise
    assert found.message.startswith("bitwise equal")
    off = within(np.nextafter(np.asarray(x.sum()), x.dtype.type(inf)), oracle(total, x))
    assert not off.ok
    assert "where nothing has to round" in off.message


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(x=grid_points, y=grid_points)
def test_a_product_and_a_step_on_the_grid_are_bitwise(dtype, x, y):
    n = min(len(x), len(y))
    x, y = np.array(x[:n], dtype), np.array(y[:n], dtype) / 8
    assert assert_within(np.asarray(x @ y), lambda a, b: a @ b, x, y).bitwise
    assert assert_within(gradient_step(x, y), gradient_step, x, y).bitwise


def test_off_the_grid_a_sum_has_a_bound():
    """The control: one number of 25 bits among them."""
    assert oracle(total, single(2**24 - 2, 1, 1)).is_exact
    assert not oracle(total, single(2**24, 1, 1)).is_exact
    assert not oracle(total, single(2**23, 0.5, 1)).is_exact


@pytest.mark.parametrize("n", [3, 10, 100, 1000, 10_000])
def test_the_bound_of_a_sum_is_attained(n):
    """1 + u + u + ... from the left loses every u: no smaller bound holds.

    The theorem allows (n - 1) u for every unit of the sum. To that the bound adds what
    the oracle, of roundoff u * 2^-29, rounds itself: n / (n - 1) of 2^-29, and a slack
    far below, make less than 2^-28.
    """
    u = Fraction(1, 2**24)
    x = np.full(n, float(u), np.float32)
    x[0] = 1
    from_the_left = np.add.accumulate(x)[-1:].reshape(())
    lost, whole = (n - 1) * u, 1 + (n - 1) * u
    bound = Fraction(float(oracle(total, x).error))
    assert whole - Fraction(float(from_the_left)) == lost
    assert lost * whole <= bound <= lost * whole * (1 + Fraction(1, 2**28))
    assert within(from_the_left, oracle(total, x)).ok
    assert within(x.sum(), oracle(total, x)).ok


wider = pytest.mark.skipif(
    np.finfo(np.longdouble).nmant <= np.finfo(np.float64).nmant,
    reason="no wider numbers here",
)


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", pytest.param("float64", marks=wider)]
)
def test_a_sum_that_is_rounded_the_wrong_way_is_found(dtype):
    """It is off by three quarters of an ulp. An oracle that is computed in the format
    itself rounds as well: it would have to allow a whole one."""
    one = np.ones(1, dtype)
    above = np.nextafter(one, 2 * one)
    expected = oracle(np.add, one, (above - one) * one.dtype.type(0.75))
    assert within(above, expected).ok
    assert not within(one, expected).ok


# What is not finite.


def identity(x):
    return x + 0.0


@quiet
@pytest.mark.parametrize(
    ("function", "x", "actual", "ok"),
    [
        (identity, nan, nan, True),
        (identity, nan, 1, False),
        (identity, 1, nan, False),
        (identity, inf, inf, True),
        (identity, inf, -inf, False),
        (identity, inf, largest, False),
        (identity, -inf, -inf, True),
        (identity, 0, -0.0, True),
        (lambda x: x - x, inf, nan, True),
        (lambda x: x - x, inf, 0, False),
        (lambda x: x * 0, inf, nan, True),
        (np.log, 0, -inf, True),
        (np.log, 0, -104, False),
        (np.log, -1, nan, True),
        (np.sqrt, -1, nan, True),
        (np.sqrt, -1, 0, False),
        (np.exp, -inf, 0, True),
        (np.exp, -inf, 1e-45, False),
        (np.exp, 100, inf, True),
        (np.exp, 100, largest, False),
        (np.exp, 1e30, inf, True),
        (np.exp, 1e30, nan, False),
        (np.exp, -1e30, 0, True),
        (np.exp, -1e30, inf, False),
        (lambda x: 2 * x, largest, inf, True),
        (lambda x: 2 * x, largest, -inf, False),
        (lambda x: 2 * x, -largest, -inf, True),
        (lambda x: 2 * x, largest, largest, False),
        (lambda x: x * x, 2.0**65, inf, True),
        (lambda x: x * x, 2.0**65, largest, False),
        # By a hair: rounding may go either way.
        (lambda x: x + largest, 2.0**103, inf, True),
        (lambda x: x + largest, 2.0**103, largest, True),
        # Below the normal numbers the absolute error is half a step.
        (lambda x: x * 0.5, 3 * 2.0**-149, 2 * 2.0**-149, True),
        (lambda x: x * 0.5, 3 * 2.0**-149, 1 * 2.0**-149, True),
        (lambda x: x * 0.5, 3 * 2.0**-149, 0, False),
        (lambda x: x * x, 2.0**-80, 0, True),
        (lambda x: x * x, 2.0**-80, 2.0**-148, False),
        # Levelling off, a function forgets that its argument overflowed.
        (lambda x: 1 / (1 + np.exp(-x)), -200, 0, True),
        (lambda x: 1 / (1 + np.exp(-x)), -200, 1e-30, False),
        (lambda x: np.tanh(x * 4), largest, 1, True),
        (lambda x: np.tanh(x * 4), largest, nan, False),
    ],
)
def test_infinities_nan_and_subnormal_numbers(function, x, actual, ok):
    found = within(single(actual), oracle(function, single(x)))
    assert found.ok is ok
    assert found.vacuous == 0


@quiet
@pytest.mark.parametrize(
    "function",
    [
        lambda x: 1 / (x * 0),  # the sign of a zero is nobody's promise
        lambda x: x * 2 - x * 2,  # both may have overflowed
        lambda x: (x * 2) * 0,
        lambda x: np.sin(x * 2),
        lambda x: np.log(x - (x / 11) * 11),  # may be of either sign
        lambda x: np.sum(np.stack([x, x, -x]), axis=0),
    ],
)
def test_of_what_can_be_anything_nothing_is_said(function):
    found = within(function(single(largest)), oracle(function, single(largest)))
    assert found.vacuous == 1
    assert found.compared == 0
    with pytest.raises(AssertionError, match="nothing could be said about any element"):
        assert_within(function(single(largest)), function, single(largest))


@quiet
@pytest.mark.parametrize(
    "claim",
    [
        lambda x: x * 4 > x * 2,
        lambda x: np.isfinite(x * 4),
        lambda x: np.argmax(np.concatenate([x * 2, x * 4]), axis=0),
    ],
)
def test_numbers_that_overflow_compare_equal(claim):
    """inf > inf is false, although one of the exact numbers is larger."""
    huge = within(claim(single(largest)), oracle(claim, single(largest)))
    assert huge.ok
    assert huge.compared == 0
    small = within(claim(single(1)), oracle(claim, single(1)))
    assert small.ok
    assert small.compared == 1


def test_a_narrower_format_overflows_earlier():
    half = np.array([300], np.float16)
    square = oracle(lambda x: x * x, half)
    assert within(np.array([inf], np.float16), square).ok
    assert not within(np.array([65504], np.float16), square).ok


FLUSHED = {
    "products": lambda x, y: x * y,
    "sums": lambda x, y: x + y,
    "quotients": lambda x, y: y / (1 + x) * x,
    "differences": lambda x, y: (x * 3 - x * 2) * y,
    "roots": lambda x, y: abs(x) ** 0.5 * y,
    "choices": lambda x, y: (x > 0) * y,
    "dots": lambda x, y: x @ y,
    "totals": lambda x, y: (x + y).sum() - y.sum(),
}


@pytest.mark.parametrize("name", FLUSHED)
def test_flushing_to_zero_is_a_promise_of_its_own(name):
    """PyTorch's switch takes subnormal numbers for 0, before and after an operation."""
    torch = pytest.importorskip("torch")
    x = torch.tensor(single(2.0**-127, -(2.0**-130), 3 * 2.0**-149, 2.0**-100))
    y = torch.tensor(single(2.0**30, 2.0**-126, 2.0**-126, 2.0**-50))
    lenient = Contract(FLOAT32, flush_to_zero=True)
    kept = FLUSHED[name](x, y)
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor does not flush")
    try:
        flushed = FLUSHED[name](x, y)
    finally:
        torch.set_flush_denormal(False)
    for actual in (kept, flushed):
        assert within(actual, oracle(FLUSHED[name], x, y, contract=lenient)).ok
    assert within(kept, oracle(FLUSHED[name], x, y)).ok
    if not torch.equal(kept, flushed):
        assert not within(flushed, oracle(FLUSHED[name], x, y)).ok


def test_tf32_is_a_contract_of_its_own():
    """Its factors have 11 bits, its sums 24."""
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=(8, 8)).astype(np.float32) for _ in range(2))
    exact = np.matmul(*(FLOAT16.rounded(z).astype(np.float32) for z in (x, y)))
    loose = oracle(np.matmul, x, y, contract=Contract.tf32())
    for actual in (exact, x @ y):
        assert within(actual, loose).ok
    assert not within(exact, oracle(np.matmul, x, y)).ok
    assert not within(x @ y * np.float32(1.01), loose).ok


# Undecided choices.


def third_times_three(x):
    """x, as likely as not: rounding decides."""
    return x / 3 * 3


def test_a_choice_that_rounding_makes_is_either():
    x = single(1, 7)
    chosen = oracle(lambda x: np.where(third_times_three(x) < x, x, -x), x)
    for actual in (x, -x, single(1, -7)):
        assert within(actual, chosen).ok
    assert not within(2 * x, chosen).ok
    mask = oracle(lambda x: third_times_three(x) == x, x)
    assert within(np.array([True, False]), mask).vacuous == 1


def test_a_choice_that_is_certain_is_one():
    x = single(1, 7)
    chosen = oracle(lambda x: np.where(third_times_three(x) < x + 1, x, -x), x)
    assert within(x, chosen).bitwise
    assert not within(-x, chosen).ok


def test_the_place_of_one_of_several_largest_is_anybodys():
    x = single([1, 3, 2], [3, 3, 0], [0, 3, third_times_three(np.float32(3))])
    places = oracle(lambda x: np.argmax(x, axis=1), x)
    found = within(np.array([1, 0, 2]), places)
    assert found.ok
    # Of the last nothing is said: no place is further from the first than the other.
    assert found.compared == 2
    assert within(np.array([1, 1, 1]), places).ok
    for wrong in ([2, 0, 2], [1, 2, 2]):
        assert not within(np.array(wrong), places).ok


def test_accepted_algorithms_share_a_bound():
    x = single(1, 7, 11)
    ways = [oracle(f, x) for f in (lambda x: x / 3, lambda x: x * (1 / 3), np.square)]
    common = accepted(*ways)
    for actual in (x / 3, x * np.float32(1 / 3), x * x):
        assert within(actual, common).ok
    assert not within(-x * x, common).ok
    assert not within(x * x, accepted(*ways[:2])).ok


# What does not fit, and what is refused.


@pytest.mark.parametrize(
    ("actual", "message"),
    [
        (single([1], [2]), "shape (2, 1), expected (2,)"),
        (np.array([1.0, 2.0]), "dtype float64, expected float32"),
        (np.array([1, 2]), "dtype int64, expected float32"),
    ],
)
def test_another_shape_or_dtype_is_wrong(actual, message):
    found = within(actual, oracle(identity, single(1, 2)))
    assert not found.ok
    assert str(found) == message


def test_another_library_is_wrong():
    torch = pytest.importorskip("torch")
    x = single(1, 2)
    found = within(torch.tensor(x), oracle(identity, x), like=x)
    assert found.message == "torch float32 cpu, expected numpy float32 cpu"
    assert within(torch.tensor(x), oracle(identity, x), like=torch.tensor(x)).ok


def test_the_message_says_where_what_and_how_far():
    with pytest.raises(AssertionError) as failure:
        assert_within(single(1, 2.5), lambda x: x / 3, single(3, 6))
    assert str(failure.value) == (
        "at [1] of (2,): actual 2.5, expected 2.0\n"
        "  off by 0.5, 2.1e+06 ulps of float32, where nothing has to round"
    )
    found = within(single(0.3334, nan), oracle(lambda x: x / 3, single(1, 1)))
    assert found.message == (
        "at [1] of (2,): actual nan, expected 0.3333333333333333\n"
        "  and 1 more of 2 elements"
    )
    found = within(single(0.3334), oracle(lambda x: x / 3, single(1)))
    assert found.message == (
        "at [0] of (1,): actual 0.33340001106262207, expected 0.3333333333333333\n"
        "  off by 6.67e-05, 2.24e+03 ulps of float32, 3.36e+03 times the bound 1.99e-08"
    )


def x_of(form):
    return Bounded(np.array([1.5, 2.5]), Contract(form))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda x: np.cumprod(x),
            "Bounded: cumprod has no derived bound, required functions that have one\n"
            "  write exp(cumsum(log(x))), or multiply one by one",
        ),
        (
            lambda x: np.sort(x),
            "Bounded: sort has no derived bound, required functions that have one\n"
            "  write max, min, maximum and minimum",
        ),
        (
            lambda x: x.sort(),
            "Bounded: the method sort has no derived bound, "
            "required functions that have one\n"
            "  write max, min, maximum and minimum",
        ),
        (
            lambda x: float(x[0]),
            "Bounded: float() of a number with a bound, which would lose the bound, "
            "required functions of arrays\n"
            "  keep 0-d arrays as they are",
        ),
        (
            lambda x: int(x[0]),
            "Bounded: int() of a number with a bound, required an exact integer",
        ),
        (
            lambda x: 1 if x[0] / 7 * 7 == x[0] else 2,
            "Bounded: a branch on a comparison that rounding can turn either way, "
            "required a value that is the same for every correct implementation\n"
            "  write where(condition, x, y)",
        ),
        (
            lambda x: 1 if x > 0 else 2,
            "Bounded: a branch on an array of shape (2,), "
            "required a value that is the same for every correct implementation\n"
            "  write where(condition, x, y)",
        ),
        (
            lambda x: x + x_of(FLOAT64),
            "Bounded: arrays of two contracts (format=float32 and format=float64), "
            "required one for all\n"
            "  convert with astype, or wrap both with the same contract",
        ),
        (
            lambda x: x + Bounded(x.value, Contract(FLOAT32, accumulator=FLOAT64)),
            "Bounded: arrays of two contracts (accumulator=None and "
            "accumulator=float64), required one for all\n"
            "  convert with astype, or wrap both with the same contract",
        ),
        (
            lambda x: x + np.array([1.0, 2.0]),
            "Bounded.exact: x.dtype=float64, but the contract is one of float32\n"
            "  round the inputs to the format of the code under test first",
        ),
        (
            lambda x: x + np.array([1j, 2]),
            "Bounded.exact: dtype=complex128 has no error bounds, "
            "required one of float16, bfloat16, float32, float64\n"
            "  take the real and the imaginary part one by one",
        ),
        (
            lambda x: np.asarray(x),
            "Bounded: something asked for a plain NumPy array, "
            "required functions that a bound can be derived for\n"
            "  replace np.asarray(x) and the like by functions of x",
        ),
        (
            lambda x: x**0.3,
            "pow: an exponent of 0.3, required a whole number from 0 to 64\n"
            "  write sqrt(x), 1 / x ** -y, or exp(y * log(x))",
        ),
        (
            lambda x: x.astype(np.int64) if (x / 3).is_exact else (x / 3).astype(int),
            "astype: numbers with a bound cannot become integers, "
            "required exact values\n"
            "  compare them instead",
        ),
        (
            lambda x: x.var(),
            "Bounded: the method var means two things, "
            "required a keyword that tells the library, or its function\n"
            "  NumPy divides by n, PyTorch by n - 1: write np.var(x) or torch.var(x)",
        ),
    ],
)
def test_what_has_no_bound_is_refused_by_name(call, message):
    with pytest.raises((UnboundedError, ArgumentTypeError)) as refusal:
        call(x_of(FLOAT32))
    assert str(refusal.value) == message


def test_mixed_formats_are_refused():
    with pytest.raises(ArgumentTypeError) as refusal:
        assert_within(single(1), np.add, single(1), np.array([1.0]))
    assert str(refusal.value) == (
        "oracle: inputs of float32 and float64, required one format for all\n"
        "  convert some, or state a contract of the format that results have"
    )


def test_bfloat16_travels_as_float32():
    x = single(1, 1.0078125)
    contract = Contract(BFLOAT16)
    assert Bounded.exact(x, contract).is_exact
    with pytest.raises(ArgumentTypeError, match="but the contract is one of bfloat16"):
        Bounded.exact(single(1.001), contract)
    summed = oracle(total, x, contract=contract)
    assert within(np.float32(2), summed).ok
    assert not within(np.float32(2.03125), summed).ok


@pytest.mark.parametrize("name", FORMATS)
def test_a_conversion_rounds_once(name):
    x = np.array([1, 1 + 2.0**-40, 3.0])
    narrow = oracle(lambda x: x.astype(name), x)
    assert narrow.dtype == FORMATS[name]
    assert narrow.error[0] == narrow.error[2] == 0
    assert (narrow.error[1] == 0) == (name == "float64")


def test_half_precision_is_the_accumulators_where_it_is_promised():
    """4096 halves: added up in float16 they stay at 2048."""
    x = np.full(4096, 1 + 2.0**-10, np.float16)
    alone = np.add.accumulate(x)[-1:].reshape(())
    wide = Contract(FLOAT16, accumulator=FLOAT32)
    assert within(alone, oracle(total, x)).ok
    assert not within(alone, oracle(total, x, contract=wide)).ok
    assert within(x.sum(), oracle(total, x, contract=wide)).ok
