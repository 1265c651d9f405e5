"""The bound is held against exact rational arithmetic, in any order of evaluation."""

from fractions import Fraction
from itertools import repeat

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from rational import Program, Step, exact, nearest, numbers, programs, rounded

from scratchnet.testing.bounded import (
    Bounded,
    elementwise,
    functions,
    reductions,
    selection,
)
from scratchnet.testing.compare import within
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import FORMATS


def bounded(program):
    """Every value of the program, with its bound."""
    contract = Contract(FORMATS[program.dtype])
    values = [Bounded.exact(each, contract) for each in program.inputs]
    xp = values[0].__array_namespace__()
    for step in program.steps:
        x, *more = (values[i] for i in step.operands)
        values.append(applied(xp, step.name, x, *more))
    return values


def applied(xp, name, x, *more):
    if name == "dot":
        x, y = (each + xp.zeros_like(x + more[0]) for each in (x, *more))
        return xp.matmul(x[None, :], y[:, None])[0, :]
    if name in ("sum", "mean", "max", "min"):
        return getattr(xp, name)(x, axis=-1, keepdims=True)
    if name == "where":
        return xp.where(x < more[0], x, -more[0])
    return getattr(xp, name)(x, *more)


def rational(x):
    """A finite number of any width, exactly."""
    return Fraction(*x[()].as_integer_ratio())


def is_inside(x, value, error, largest=None):
    """Whether a finite x is inside the bound, without rounding.

    Where the bound says that x is too large for the format it says nothing else.
    """
    if np.isinf(error):
        return True
    allowed = rational(error)
    if -allowed <= x - rational(value) <= allowed:
        return True
    least = abs(rational(value)) - rational(error)
    return largest is not None and least > largest and abs(x) > largest


def disagreement(program):
    """The first value of a program that breaks its bound; None where all keep it.

    Both what is computed exactly and what a machine rounds at each step, in the drawn
    order, is what the contract allows.
    """
    dtype = np.dtype(program.dtype)
    every = zip(exact(program), rounded(program), bounded(program), strict=False)
    for truth, computed, bound in every:
        if not within(np.array(computed, dtype), bound).ok:
            return computed, bound
        top = repeat(FORMATS[program.dtype].largest)
        inside = all(map(is_inside, truth, bound.value, bound.error, top))
        # Where the oracle is not finite nothing else is claimed of the exact value.
        if np.isfinite(bound.value).all() and not inside:
            return truth, bound
    return None


@given(program=programs())
@settings(max_examples=300)
def test_no_order_of_evaluation_leaves_its_bound(program):
    assert disagreement(program) is None


def halved(function):
    return lambda *args, **options: (function(*args, **options)[0] / 2, 0.0)


SABOTAGE = {
    "a rounding costs half": (Contract, "unit_roundoff", lambda _: 2.0**-13),
    "nothing underflows": (Contract, "underflow", lambda _: 0.0),
    "sums are free": (reductions, "additions", lambda *_, **__: (0.0, 0.0)),
    "sums cost half": (reductions, "additions", halved(reductions.additions)),
    "products pass nothing on": (
        elementwise,
        "_product_moved",
        lambda a, b: np.zeros(np.broadcast_shapes(a.shape, b.shape)),
    ),
    "every result is representable": (
        elementwise,
        "held",
        lambda value, _: np.ones(value.shape, bool),
    ),
    "every sum is on the grid": (
        reductions,
        "_on_grid",
        lambda _, __, reach: np.ones(reach.shape, bool),
    ),
    "nothing overflows": (Bounded, "is_tame", lambda _: True),
}


@pytest.mark.parametrize("fault", SABOTAGE)
def test_a_bound_too_small_is_found_out(monkeypatch, fault):
    """The control, for each part of the bound that the programs reach."""
    owner, name, wrong = SABOTAGE[fault]
    patched = property(wrong) if isinstance(owner, type) else wrong
    monkeypatch.setattr(owner, name, patched)
    assert find(
        programs(dtypes=("float16",)),
        lambda program: disagreement(program) is not None,
        settings=settings(
            max_examples=5000,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_comparison_taken_for_certain_is_found_out(monkeypatch):
    """In float16 1 / 11 * 11 is less than 1, exactly it is not: where chooses."""
    inputs = np.array([1], np.float16), np.array([11], np.float16)
    steps = (("divide", 0, 1), ("multiply", 2, 1), ("where", 3, 0))
    program = Program(
        "float16", inputs, tuple(Step(n, (i, j), ()) for n, i, j in steps)
    )
    assert disagreement(program) is None
    monkeypatch.setattr(
        selection,
        "compared",
        lambda function, x, y: Bounded(function(x.value, y.value), x.contract),
    )
    assert disagreement(program) is not None


def test_a_sound_bound_is_not_found_out():
    """The control of the control."""
    with pytest.raises(NoSuchExample):
        find(
            programs(dtypes=("float16",)),
            lambda program: disagreement(program) is not None,
            settings=settings(max_examples=300, derandomize=True, database=None),
        )


@given(x=st.one_of(st.fractions(), st.floats(-1e6, 1e6).map(Fraction)))
def test_the_rounding_of_these_tests_is_that_of_the_hardware(x):
    assert nearest(x, FORMATS["float64"]) == float(x)
    assert float(x) != x or nearest(x, FORMATS["float16"]) == halfway(float(x))


def halfway(x):
    with np.errstate(over="ignore"):
        return np.float16(x)


# Functions: against long double, with inputs that are off by what they may be off.

WIDE = np.longdouble


def series_of_erf(x):
    """2/sqrt(pi) exp(-x^2) (x + 2x^3/3 + 4x^5/15 + ...), whose terms do not cancel."""
    term = total = x
    for n in range(1, 400):
        term = term * 2 * x * x / (2 * n + 1)
        total = total + term
    return (
        total * np.exp(-x * x) * 2 / np.sqrt(WIDE(np.pi) + WIDE(1.2246467991473532e-16))
    )


TRUTH = {
    "cos": np.cos,
    "erf": series_of_erf,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "sin": np.sin,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
}
DOMAIN = {
    "erf": (-6.0, 6.0),
    "log": (2.0**-20, 1e4),
    "log1p": (-0.9375, 1e4),
    "sqrt": (0.0, 1e4),
}


def moved(name, data):
    """Numbers, how far each may be off, and numbers that far away."""
    low, high = DOMAIN.get(name, (-80.0, 80.0))
    x = data.draw(st.lists(st.floats(low, high, width=16), min_size=1, max_size=6))
    share = data.draw(st.sampled_from([0.0, 2.0**-20, 2.0**-8, 0.25]))
    way = data.draw(st.lists(st.floats(-1, 1), min_size=len(x), max_size=len(x)))
    x = np.array(x, WIDE)
    error = np.abs(x) * share
    near = x + error * np.array(way, WIDE)
    return x, error.astype(np.float64), near


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", TRUTH)
@given(data=st.data())
@settings(max_examples=30)
def test_a_function_of_what_may_be_off_is_inside_its_bound(name, dtype, data):
    contract = Contract(FORMATS[dtype])
    x, error, near = moved(name, data)
    value = x.astype(contract.oracle.dtype)
    bound = within_of(name, Bounded(value, contract, error))
    with np.errstate(all="ignore"):
        truth = TRUTH[name](near)
        off = truth - bound.value
    unknown = np.isnan(truth) & (np.isnan(bound.value) | np.isinf(bound.error))
    assert np.all(at_most(off, bound.error) | unknown)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", sorted(TRUTH))
def test_a_function_may_be_off_by_its_ulps_and_not_by_three_times_as_many(name, dtype):
    """An ulp is one to two units of roundoff, by where the result lies between powers
    of two. Two are allowed for each, and beside them what the oracle rounds itself."""
    contract = Contract(FORMATS[dtype])
    # Of so many results some are just above a power of two, others just below.
    x = np.linspace(0.5, 1.5, 1001).astype(dtype)
    bound = within_of(name, Bounded.exact(x[x != 1], contract))
    least = contract.ulps[name] * contract.format.ulp(bound.value)
    assert (least <= bound.error).all()
    assert (bound.error - contract.absolute(name) < 3 * least).all()


def at_most(off, error):
    """Where what is off, to either side, is no more than the error."""
    return (-error <= off) & (off <= error)


def within_of(name, x):
    return getattr(x.__array_namespace__(), name)(x)


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_a_function_that_passes_nothing_on_is_found_out(monkeypatch, name):
    """The control: the error of the argument alone makes the difference."""
    contract = Contract(FORMATS["float32"])
    x, near = np.array([0.75]), np.array([0.75 + 2.0**-8])
    bound = within_of(name, Bounded(x, contract, 2.0**-8))
    off = np.asarray(TRUTH[name](near.astype(WIDE))) - bound.value
    assert np.all(at_most(off, bound.error))
    monkeypatch.setattr(
        functions,
        "with_rounding",
        lambda value, _, *rest, **options: elementwise.with_rounding(
            value, None, *rest, **options
        ),
    )
    careless = within_of(name, Bounded(x, contract, 2.0**-8))
    assert not np.any(at_most(off, careless.error))


@given(data=st.data(), n=st.integers(2, 12))
def test_the_variance_of_any_numbers_is_inside_its_bound(data, n):
    """By two passes and by Welford's formula, rounded at each step, and exactly."""
    x = np.array(
        data.draw(st.lists(numbers("float32"), min_size=n, max_size=n)), np.float32
    )
    bound = within_of("var", Bounded.exact(x, Contract(FORMATS["float32"])))
    truth = [Fraction(float(each)) for each in x]
    mean = sum(truth) / n
    assert is_inside(sum((t - mean) ** 2 for t in truth) / n, bound.value, bound.error)
    for variance in (two_passes, updated):
        with np.errstate(all="ignore"):
            assert within(variance(x), bound).ok


def two_passes(x):
    total = np.float32(0)
    mean = np.add.accumulate(x)[-1] / np.float32(len(x))
    for each in x:
        total = total + (each - mean) * (each - mean)
    return np.asarray(total / np.float32(len(x)))


def updated(x):
    mean, total = x[0], np.float32(0)
    for i, each in enumerate(x[1:], 2):
        apart = each - mean
        mean = mean + apart / np.float32(i)
        total = total + apart * (each - mean)
    return np.asarray(total / np.float32(len(x)))


@given(data=st.data(), n=st.integers(1, 12))
def test_cumulative_sums_of_any_numbers_are_inside_their_bound(data, n):
    """One after the other and by steps that double, rounded at each, and exactly; of
    numbers that may be off as well."""
    x = np.array(
        data.draw(st.lists(numbers("float32"), min_size=n, max_size=n)), np.float32
    )
    shift = np.array(data.draw(st.lists(st.floats(0, 1), min_size=n, max_size=n)))
    contract = Contract(FORMATS["float32"])
    for spread in (0 * shift, shift):
        bound = so_far(Bounded(x.astype(np.float64), contract, spread))
        terms = [*map(rational, x), *map(rational, spread)]
        exactly = [sum(terms[: k + 1]) + sum(terms[n : n + k + 1]) for k in range(n)]
        assert all(map(is_inside, exactly, bound.value, bound.error))
    bound = so_far(Bounded.exact(x, contract))
    for scan in (np.add.accumulate, doubling):
        with np.errstate(all="ignore"):
            assert within(scan(x), bound).ok


def so_far(x):
    return x.__array_namespace__().cumulative_sum(x)


def doubling(terms):
    for step in (1, 2, 4, 8):
        # A row that is too short for a step stays.
        terms = np.concatenate([terms[:step], terms[step:] + terms[:-step]])
    return terms


def test_cumulative_sums_are_exact_where_nothing_rounds():
    """The first is exact, and so are all on the grid; what comes after an infinity
    takes nothing from what came before."""
    contract = Contract(FORMATS["float32"])
    x = np.array([0.1, 1.3, -0.7, 2.9], np.float32)
    found = so_far(Bounded.exact(x, contract))
    assert found.error[0] == 0
    assert within(np.cumsum(x), found).ok
    assert not within(np.cumsum(x[::-1])[::-1], found).ok
    whole = so_far(Bounded.exact(np.arange(9, dtype=np.float32), contract))
    assert whole.is_exact
    x[2:] = np.inf, -np.inf
    odd = so_far(Bounded.exact(x, contract))
    np.testing.assert_array_equal(odd.error[:2], found.error[:2])
    assert not odd.error[2:].any()
    np.testing.assert_array_equal(odd.value[2:], [np.inf, np.nan])
