"""Laws on devices: they hold on the faithful one, and each faulty one is found."""

from functools import partial

import pytest
from properties.asking import quick

from scratchnet import Batches, softmax
from scratchnet.arrays import array_namespace, from_numpy, to_numpy
from scratchnet.selfcheck import OURS
from scratchnet.testing import OPS, Contract, Target, check

ON_HOST = "nothing_is_computed_on_the_host"
ORACLE = "equals_the_oracle"


# What holds on the faithful device.

SPREAD = (
    *("softmax", "matmul", "cross_entropy", "linear", "relu", "mean", "sgd"),
    *("broadcast_to", "unbroadcast", "one_hot"),
)


@pytest.mark.verifies(
    *(OPS[name] for name in SPREAD), targets="simulated:gpu:float64", examples=12
)
@pytest.mark.verifies(
    *(OPS[name] for name in SPREAD[:7]), targets="simulated:gpu:float32", examples=10
)
@pytest.mark.verifies(
    *(OPS[name] for name in SPREAD[:7:3]), targets="simulated:gpu:float16", examples=10
)
def test_ours_holds_on_the_faithful_device(law):
    law.holds_for(*OURS[law.operation.name])


# What each faulty device is found by.


def product(a, b):
    return array_namespace(a, b).matmul(a, b)


def added(x, *, axis=None, keepdims=False):
    return array_namespace(x).sum(x, axis=axis, keepdims=keepdims)


def verdicts(function, name, device, *, laws=None, dtype="float32", **options):
    """Of all laws, or these: those that do not hold, and what was found."""
    target = f"simulated:{device}:{dtype}"
    report = check(function, OPS[name], targets=[target], laws=laws, **options)
    return {each.law.name: each.verdict for each in report.broken}


@quick
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_factors_of_tf32_are_found(dtype):
    """Small integers have no more bits: the law of the grid holds, as it says."""
    found = verdicts(product, "matmul", "tf32", dtype=dtype, examples=20)
    assert found[ORACLE] == "WRONG"
    assert "is_exact_on_the_grid" not in found
    assert verdicts(product, "matmul", "gpu", dtype=dtype, examples=20) == {}


def test_factors_of_tf32_are_what_its_contract_allows():
    asked = {"laws": [ORACLE, "is_exact_on_the_grid"], "contract": Contract.tf32()}
    assert verdicts(product, "matmul", "tf32", **asked) == {}


@quick
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_subnormal_numbers_that_are_flushed_are_found(dtype):
    """What is taken for 0 is half of the smallest normal number off, not of an ulp."""
    asked = {"laws": [ORACLE], "dtype": dtype, "examples": 100}
    relu, _ = OURS["leaky_relu"]
    assert verdicts(relu, "leaky_relu", "flushing", **asked) == {ORACLE: "WRONG"}
    assert verdicts(relu, "leaky_relu", "gpu", **asked) == {}
    allowed = Contract(dtype, flush_to_zero=True)
    assert verdicts(relu, "leaky_relu", "flushing", contract=allowed, **asked) == {}


SUMS = pytest.mark.parametrize(
    ("function", "name"), [(added, "sum"), (product, "matmul")], ids=["sum", "matmul"]
)


@SUMS
@quick
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sums_in_half_precision_are_found(function, name, dtype):
    asked = {"laws": [ORACLE], "dtype": dtype, "examples": 50}
    assert verdicts(function, name, "half_sums", **asked) == {ORACLE: "WRONG"}
    assert verdicts(function, name, "gpu", **asked) == {}


@SUMS
@quick
def test_half_precision_is_added_up_in_float32(function, name):
    """Where a contract says so: of products by hand, which are rounded first, none can
    be promised."""
    wide = Contract("float16", accumulator="float32")
    asked = {"laws": [ORACLE], "dtype": "float16", "examples": 50}
    assert verdicts(function, name, "half_sums", contract=wide, **asked)
    assert verdicts(function, name, "gpu", contract=wide, **asked) == {}
    assert verdicts(function, name, "half_sums", **asked) == {}
    by_hand = verdicts(*OURS["matmul"][:1], "matmul", "gpu", contract=wide, **asked)
    assert by_hand == {ORACLE: "WRONG"}


@quick
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_fallback_is_found_by_its_own_law_alone(dtype):
    """All numbers are right: only where they were computed is wrong."""
    asked = {"dtype": dtype, "examples": 20}
    found = verdicts(softmax, "softmax", "fallback", **asked)
    assert found == {ON_HOST: "MISPLACED"}


def brought_back(x, *, axis=-1):
    """softmax of NumPy, and back to where x is."""
    host = softmax(to_numpy(x), axis=axis)
    return from_numpy(host, xp=array_namespace(x), device=x.device)


def brought_back_vjp(x, *, axis=-1):
    """A pullback that is computed on the host."""
    xp, y = array_namespace(x), softmax(x, axis=axis)

    def pullback(g):
        g, p = to_numpy(g), to_numpy(y)
        dx = p * (g - (g * p).sum(axis=axis, keepdims=True))
        return (from_numpy(dx, xp=xp, device=x.device),)

    return y, pullback


DEVICES_OF_LIBRARIES = ("simulated:gpu:float64", "strict:device1:float64")
NO_FLOAT64 = "strict:no_float64:float32"


@quick
@pytest.mark.parametrize("place", [*DEVICES_OF_LIBRARIES, NO_FLOAT64])
def test_a_round_trip_to_the_host_is_found(place):
    pytest.importorskip("array_api_strict")
    asked = {"targets": [place], "examples": 20}
    report = check(brought_back, OPS["softmax"], **asked)
    (broken,) = report.broken
    assert (broken.law.name, broken.verdict) == (ON_HOST, "MISPLACED")
    assert broken.finding.message.startswith("f read ")
    assert broken.finding.message.endswith(f"expected them to stay on {place}")
    report = check(softmax, OPS["softmax"], vjp=brought_back_vjp, **asked)
    (broken,) = report.broken
    assert (broken.law.name, broken.verdict) == (ON_HOST, "MISPLACED")
    assert "the pullback read" in broken.finding.message


@pytest.mark.parametrize("place", [*DEVICES_OF_LIBRARIES, NO_FLOAT64])
def test_ours_stays_where_it_is(place):
    pytest.importorskip("array_api_strict")
    found = check(
        *(OURS["cross_entropy"][0], OPS["cross_entropy"]),
        vjp=OURS["cross_entropy"][1],
        targets=[place],
        laws=[ON_HOST],
        examples=50,
    )
    assert found.ok, str(found)


def test_a_number_that_is_read_is_no_fault():
    """A loss is read to be printed; labels are read to be checked."""

    def printing(x, *, axis=-1):
        xp = array_namespace(x)
        str(float(xp.sum(x)))
        return softmax(x, axis=axis)

    assert verdicts(printing, "softmax", "gpu", laws=[ON_HOST]) == {}


def test_it_is_asked_on_devices_only():
    targets = {
        "numpy:float64": False,
        "torch:cpu:float64": False,
        "torch:cuda:float64": True,
        "strict:float64": False,
        "strict:CPU_DEVICE:float64": False,
        "strict:device1:float64": True,
        "strict:no_float64:float32": True,
        "simulated:gpu:float64": True,
        "simulated:tf32:float32": True,
    }
    assert {name: Target.named(name).on_device for name in targets} == targets
    report = check(softmax, OPS["softmax"], targets=["numpy:float64"], examples=2)
    assert ON_HOST not in {each.law.name for each in report.results}


# What is no array in whole, and subjects that are no functions.


def looked_at(x, axis=-1):
    """Divided by how far it spreads, if it does: two numbers are looked at."""
    xp = x.__array_namespace__()
    least, most = float(xp.min(x)), float(xp.max(x))
    assert least <= most or least != least or most != most
    powers = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return powers / xp.sum(powers, axis=axis, keepdims=True)


def one_by_one(x, axis=-1):
    xp = x.__array_namespace__()
    for each in xp.reshape(x, (-1,)):
        float(each)
    powers = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return powers / xp.sum(powers, axis=axis, keepdims=True)


def as_complex(x, axis=-1):
    xp = x.__array_namespace__()
    to_numpy(xp.astype(x, xp.complex128))
    powers = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return powers / xp.sum(powers, axis=axis, keepdims=True)


HOST_LAW = ["nothing_is_computed_on_the_host"]


@pytest.mark.parametrize(
    ("subject", "verdict"),
    [(looked_at, "HOLDS"), (one_by_one, "MISPLACED"), (as_complex, "MISPLACED")],
)
def test_single_numbers_may_be_looked_at_and_arrays_may_not(subject, verdict):
    report = check(
        subject,
        OPS["softmax"].restrict(families="moderate", empty=False),
        targets=["simulated:gpu:float64"],
        laws=HOST_LAW,
    )
    (result,) = report.results
    assert result.verdict == verdict, str(report)


def on_the_host(p, g, state, **options):
    """A step of NumPy, brought back."""
    there = next(iter(p.values())).device
    xp = next(iter(p.values())).__array_namespace__()
    back = partial(from_numpy, xp=xp, device=there)
    rate = options["learning_rate"]
    new = {k: back(to_numpy(x) - rate * to_numpy(g[k])) for k, x in p.items()}
    return new, state


class OnTheHost(Batches):
    """Batches of NumPy's arrays, whatever they were given."""

    def __iter__(self):
        for x, y in super().__iter__():
            yield to_numpy(x), to_numpy(y)


@pytest.mark.parametrize(
    ("subject", "name", "law"),
    [
        (on_the_host, "optimizer", "steps_are_taken_on_the_device"),
        (OnTheHost, "loader", "batches_are_made_on_the_device"),
    ],
)
def test_optimizers_and_loaders_are_held_to_their_device(subject, name, law):
    where = {"targets": ["simulated:gpu:float64"], "laws": [law]}
    assert check(*OURS[name][:1], OPS[name], **where).ok
    (result,) = check(subject, OPS[name], **where).results
    assert result.verdict == "MISPLACED", str(result)
