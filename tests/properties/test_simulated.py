"""Simulated devices: they behave as a GPU does, and each faulty one is found."""

import operator

import numpy as np
import pytest
from equivalence.subjects import OURS
from properties.asking import quick

from scratchnet import matmul, softmax
from scratchnet.arrays import array_namespace, from_numpy, to_numpy
from scratchnet.testing import OPS, Contract, Target, check
from scratchnet.testing.promises import DEVICES as PROMISED
from scratchnet.testing.simulated import DEVICES, HOST, XP, overlap

GPU = DEVICES["gpu"]
ON_HOST = "nothing_is_computed_on_the_host"
ORACLE = "equals_the_oracle"


def on(x, device="gpu", dtype=None):
    return XP.asarray(np.asarray(x), device=device, dtype=dtype)


# What holds on the faithful device.

SPREAD = (
    *("softmax", "matmul", "cross_entropy", "linear", "relu", "mean", "sgd"),
    *("broadcast_to", "unbroadcast", "one_hot"),
)


@pytest.mark.verifies(
    *(OPS[name] for name in SPREAD), targets="simulated:gpu:float64", examples=20
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


def test_the_names_of_targets_are_those_of_the_devices():
    assert tuple(DEVICES) == PROMISED["simulated"]


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


@quick
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize(
    ("function", "name"), [(added, "sum"), (product, "matmul")], ids=["sum", "matmul"]
)
def test_sums_in_half_precision_are_found(function, name, dtype):
    """In float16 too, where they are promised to be added up in float32."""
    asked = {"laws": [ORACLE], "dtype": dtype, "examples": 50}
    assert verdicts(function, name, "half_sums", **asked) == {ORACLE: "WRONG"}
    assert verdicts(function, name, "gpu", **asked) == {}


@quick
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_fallback_is_found_by_its_own_law_alone(dtype):
    """All numbers are right: only where they were computed is wrong."""
    found = verdicts(*OURS["softmax"][:1], "softmax", "fallback", dtype=dtype)
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
    assert "f read 2 floating numbers on the host" in broken.finding.message
    assert f"expected them to stay on {place}" in broken.finding.message
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


# What they promise.


def test_every_device_promises_what_the_faithful_one_does():
    for dtype in ("float16", "float32", "float64"):
        promised = Contract.for_target(f"simulated:gpu:{dtype}")
        assert promised.accumulator == (np.float32 if dtype == "float16" else None)
        for name in DEVICES:
            assert Target.named(f"simulated:{name}:{dtype}").contract == promised
    assert "add float16 up in float32" in promised_of("float16")["accumulator"]


def promised_of(dtype):
    return Contract.for_target(f"simulated:gpu:{dtype}").reasons


def test_the_faithful_device_is_meant_where_none_is_named():
    assert str(Target.named("simulated:float32")) == "simulated:gpu:float32"


# How they behave.


@pytest.mark.parametrize("x", [np.ones(2), on([1.0, 1.0], "tf32"), on([1.0], "cpu")])
@pytest.mark.parametrize(
    "call",
    [
        operator.add,
        lambda x, y: y * x,
        XP.matmul,
        lambda x, y: XP.concat([x, y]),
        lambda x, y: operator.setitem(x, ..., y),
        lambda x, y: x[y > 0],
        lambda x, y: XP.where(x > 0, x, y),
    ],
)
def test_what_lives_elsewhere_is_refused(call, x):
    with pytest.raises(
        TypeError, match=r"required one (device|library)|copy it to the"
    ):
        call(on([1.0, 2.0]), x)


def test_ours_says_which_devices_are_mixed():
    x = on(np.ones((2, 2)))
    with pytest.raises(TypeError, match=r"mixed devices \(a: gpu, b: tf32\)"):
        matmul(x, on(np.ones((2, 2)), "tf32"))
    with pytest.raises(TypeError, match="mixed libraries"):
        matmul(x, np.ones((2, 2)))


@pytest.mark.parametrize("call", [np.asarray, np.exp, np.sum, lambda x: np.stack([x])])
def test_numpy_takes_none_of_them(call):
    with pytest.raises(TypeError, match="copy it to the host first"):
        call(on([1.0]))


def test_an_array_that_names_no_device_is_made_on_the_host():
    """As of PyTorch: the fault shows where it meets the others."""
    assert XP.zeros(2).device is HOST
    assert XP.zeros_like(on([1.0])).device is GPU
    assert XP.zeros(2, device=GPU).device is GPU
    assert np.asarray(XP.ones(2)).tolist() == [1, 1]


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("number", [2, 0.1, np.float64(0.1)])
def test_numbers_leave_the_dtype_as_it_is(dtype, number):
    for shape in ((), (2,)):
        x = XP.ones(shape, dtype=getattr(XP, dtype), device=GPU)
        for found in (x * number, XP.where(x > 0, x, number)):
            assert found.dtype == dtype
            assert found.shape == shape


def test_indices_are_views_and_written_in_place():
    x = on(np.zeros((2, 3)))
    row, number = x[1], x[0, 0]
    assert overlap(x, row)
    assert overlap(x, number)
    number[...] = 4
    row += 1
    x[:, 2] = on([7.0, 8.0])
    assert to_numpy(x).tolist() == [[4, 0, 7], [1, 1, 8]]
    assert to_numpy(x[x > 3]).tolist() == [4, 7, 8]
    assert to_numpy(x[:, on([2, 0])][on(1)]).tolist() == [8, 1]
    assert not overlap(x, XP.asarray(x, copy=True))


@pytest.mark.parametrize(
    ("read", "count"),
    [
        (to_numpy, 6),
        (np.from_dlpack, 6),
        (lambda x: x.to_device("cpu"), 6),
        (lambda x: XP.asarray(x, device="cpu"), 6),
        (repr, 6),
        (lambda x: float(x[0, 0]), 1),
        (lambda x: bool(x[0, 0]), 1),
        (lambda x: [int(each) for each in x[0]], 3),
        (lambda x: bool(XP.any(x > 0)), 0),
        (lambda x: to_numpy(XP.argmax(x, axis=-1)), 0),
        (lambda x: x + x[:, :1] * 2, 0),
        (lambda x: x.to_device("tf32"), 0),
        (lambda x: (x.shape, x.T, len(x), x.device), 0),
    ],
)
def test_what_the_host_reads_is_counted(read, count):
    x = on(np.ones((2, 3)))
    before = GPU.read
    read(x)
    assert GPU.read - before == count


def test_what_is_allocated_is_counted():
    """Views are none."""
    before = GPU.allocations
    x = on(np.ones((2, 3)))
    assert GPU.allocations == before + 1
    y = XP.reshape(x.T[0], (1, 2))
    assert GPU.allocations == before + 1
    assert (y + 1).shape == (1, 2)
    assert GPU.allocations == before + 2


@pytest.mark.parametrize("shape", [(3, 4), (2, 0, 3), (5,)])
def test_sums_in_half_precision_are_sums(shape):
    """The fault is in the rounding alone."""
    x = np.arange(float(np.prod(shape))).reshape(shape)
    there = on(x, "half_sums")
    for axis in (None, -1, 0):
        for keepdims in (False, True):
            found = XP.sum(there, axis=axis, keepdims=keepdims)
            expected = x.sum(axis=axis, keepdims=keepdims)
            np.testing.assert_array_equal(to_numpy(found), expected, strict=False)
            assert found.shape == expected.shape
    total = XP.sum(on(np.ones(3000), "half_sums"))
    assert float(total) == 2048


@pytest.mark.parametrize(
    ("a", "b"), [((3,), (3,)), ((2, 3), (3,)), ((3,), (4, 3, 2)), ((2, 2, 3), (3, 4))]
)
@pytest.mark.parametrize("device", DEVICES)
def test_products_are_those_of_numpy(device, a, b):
    x, y = np.ones(a), np.ones(b)
    found = XP.matmul(on(x, device), on(y, device))
    np.testing.assert_array_equal(to_numpy(found), np.matmul(x, y), strict=True)


@pytest.mark.parametrize("axes", [0, 1, 2, ((0, 2), (1, 0))])
@pytest.mark.parametrize("device", DEVICES)
def test_contractions_are_those_of_numpy(device, axes):
    x, y = np.ones((2, 3, 3)), np.ones((3, 2, 4)) if axes != 2 else np.ones((3, 3, 4))
    found = XP.tensordot(on(x, device), on(y, device), axes=axes)
    np.testing.assert_array_equal(to_numpy(found), np.tensordot(x, y, axes))
