"""What libraries do is what the contract says: their functions, measured in ulps."""

import math
from functools import cache

import numpy as np
import pytest

from scratchnet.arrays import from_numpy, namespace_named, to_numpy
from scratchnet.testing import Target, oracle, within
from scratchnet.testing.contract import ULPS, Contract
from scratchnet.testing.formats import BFLOAT16, FORMATS

WIDE = np.longdouble
#: The stride of the sweep over all float32: prime, and over a million of them.
STRIDE = 4099


def logistic(x):
    return 1 / (1 + np.exp(-x))


def erf(x):
    return np.vectorize(math.erf, otypes=[np.float64])(x.astype(np.float64))


TRUTH = {
    "cos": np.cos,
    "erf": erf,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "pow": lambda x: x**3,
    "sigmoid": logistic,
    "sin": np.sin,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
}
CUBE = {"numpy": np.power, "torch": lambda x, n: x.pow(n)}


def function(library, name):
    """The library's own, by the name of the contract; None where it has none."""
    if name == "pow":
        return lambda x: CUBE[library](x, 3)
    return getattr(__import__(library), name, None)


@cache
def sample(dtype):
    """float32: every STRIDE-th pattern of bits. Half precision: all of them. float64:
    all magnitudes, and the arguments that functions are called with."""
    if dtype == "float32":
        bits = np.arange(0, 2**32, STRIDE, dtype=np.uint64).astype(np.uint32)
        return finite(bits.view(np.float32))
    if dtype == "float16":
        return finite(np.arange(2**16, dtype=np.uint16).view(np.float16))
    if dtype == "bfloat16":
        bits = np.arange(2**16, dtype=np.uint32) << np.uint32(16)
        return finite(bits.view(np.float32))
    rng = np.random.default_rng(0)
    scales = np.ldexp(1 + rng.random(30_000), rng.integers(-1022, 1024, 30_000))
    near = rng.normal(size=30_000) * rng.choice([0.01, 1, 30, 500], 30_000)
    return np.concatenate([scales, -scales, near])


def finite(x):
    return x[np.isfinite(x)]


@cache
def truth(name, dtype):
    """The function in more than twice, or long double, precision."""
    wide = WIDE if dtype == "float64" else np.float64
    with np.errstate(all="ignore"):
        return TRUTH[name](sample(dtype).astype(wide))


def ulps(name, dtype, actual):
    """The largest error, away from overflow and from numbers below the normal ones.

    There an ulp is as large as the number. The sigmoid is allowed to vanish as soon as
    exp(-x) overflows.
    """
    form, exact = FORMATS[dtype], truth(name, dtype)
    size = np.abs(exact)
    lowest = form.smallest_normal * (4 if name == "sigmoid" else 1)
    counts = (size >= lowest) & (size <= form.largest)
    actual, exact = actual[counts].astype(exact.dtype), exact[counts]
    off = np.abs(actual - exact) - Contract(form).absolute(name)
    return float((off / form.ulp(exact)).max()), len(exact)


def computed(library, name, dtype, device):
    x = from_numpy(
        sample(dtype), xp=namespace_named(library), dtype=dtype, device=device
    )
    with np.errstate(all="ignore"):
        return to_numpy(function(library, name)(x))


CELLS = [
    pytest.param(library, device, dtype, id=f"{library}:{device}:{dtype}")
    for library, device, dtypes in (
        ("numpy", "cpu", ("float16", "float32", "float64")),
        ("torch", "cpu", ("float16", "bfloat16", "float32", "float64")),
        ("torch", "cuda", ("float16", "bfloat16", "float32", "float64")),
    )
    for dtype in dtypes
]


@pytest.mark.parametrize(("library", "device", "dtype"), CELLS)
@pytest.mark.parametrize("name", sorted(ULPS))
def test_no_function_exceeds_its_ulps(name, library, device, dtype):
    if reason := Target.named(f"{library}:{device}:float32").unavailable():
        pytest.skip(reason)
    if function(library, name) is None:
        pytest.skip(f"{library} has no {name}")
    allowed = Contract(FORMATS[dtype]).ulps[name]
    largest, measured = ulps(name, dtype, computed(library, name, dtype, device))
    assert measured > 1000
    assert largest <= allowed


@pytest.mark.parametrize("name", sorted(ULPS))
def test_an_ulp_more_would_be_seen(name):
    """The control: the exact results, moved by one ulp more than is allowed."""
    exact, form = truth(name, "float32"), FORMATS["float32"]
    absolute = Contract(form).absolute(name)
    too_far = exact + (ULPS[name] + 1) * form.ulp(exact) + absolute
    largest, _ = ulps(name, "float32", too_far)
    assert largest > ULPS[name]


def test_the_rounding_of_bfloat16_is_that_of_pytorch():
    torch = pytest.importorskip("torch")
    x = sample("float32").astype(np.float64)
    there = torch.tensor(sample("float32")).to(torch.bfloat16).double().numpy()
    assert np.array_equal(BFLOAT16.rounded(x), there)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_the_rounding_of_a_format_is_that_of_numpy(dtype):
    x = np.concatenate([sample("float64"), sample("float32").astype(np.float64)])
    with np.errstate(all="ignore"):
        there = x.astype(dtype).astype(np.float64)
        held = FORMATS[dtype].holds(x)
    assert np.array_equal(FORMATS[dtype].rounded(x), there)
    assert np.array_equal(held, there == x)


def test_products_of_bfloat16_on_cpus_may_take_subnormal_numbers_for_0():
    """oneDNN does, which has the larger ones where the CPU multiplies bfloat16."""
    target = Target.named("torch:cpu:bfloat16")
    if reason := target.unavailable():
        pytest.skip(reason)
    contract, side = target.contract, 64
    tiny = np.full((side, side), BFLOAT16.smallest_subnormal, np.float32)
    ones = np.ones_like(tiny)
    found = target.array(tiny) @ target.array(ones)
    expected = oracle(np.matmul, tiny, ones, contract=contract)
    assert contract.flush_to_zero
    assert within(to_numpy(found.float()), expected).ok
    assert within(np.zeros_like(tiny), expected).ok
    twice = np.full_like(tiny, 3 * BFLOAT16.smallest_normal)
    assert not within(twice, oracle(np.add, tiny, tiny, contract=contract)).ok
