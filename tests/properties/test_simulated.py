"""Simulated devices behave as a GPU does: what they promise, refuse and count."""

import copy
import operator
import pickle

import numpy as np
import pytest

from scratchnet import matmul
from scratchnet.arrays import to_numpy
from scratchnet.testing import Contract, Target
from scratchnet.testing.promises import DEVICES as PROMISED
from scratchnet.testing.simulated import DEVICES, HOST, XP, overlap

GPU = DEVICES["gpu"]


def on(x, device="gpu"):
    return XP.asarray(np.asarray(x), device=device)


# What they promise.


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_every_device_promises_what_the_faithful_one_does(dtype):
    promised = Contract.for_target(f"simulated:gpu:{dtype}")
    assert promised == Contract(dtype)
    for name in DEVICES:
        assert Target.named(f"simulated:{name}:{dtype}").contract == promised


def test_the_faithful_device_is_meant_where_none_is_named():
    assert str(Target.named("simulated:float32")) == "simulated:gpu:float32"


def test_the_names_of_targets_are_those_of_the_devices():
    assert tuple(DEVICES) == PROMISED["simulated"]


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
    with pytest.raises(TypeError, match=r"required one (device|library)|copy it"):
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


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.float64(2) * x,
        lambda x: np.sqrt(np.float64(4)) * x,
        lambda x: 6 / (np.float64(3) / x),
    ],
)
def test_a_number_of_numpy_may_stand_on_the_left(call):
    assert to_numpy(call(on([1.0, 2.0]))).tolist() == [2, 4]


def test_numbers_are_not_iterated_and_are_formatted():
    x = on(1.25)
    with pytest.raises(TypeError):
        list(x)
    before = GPU.read
    assert f"{x:+}" == "+1.25"
    assert GPU.read == before + 1
    assert [float(each) for each in on([1.0, 2.0])] == [1, 2]


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_a_copy_lives_on_the_same_device(copied):
    x = copied(on([1.0, 2.0]))
    assert x.device is GPU
    before = GPU.read
    assert to_numpy(x - on([1.0, 1.0])).tolist() == [0, 1]
    assert GPU.read == before + 2


def test_what_is_no_attribute_of_the_standard_says_so():
    with pytest.raises(
        AttributeError, match=r"'max' is no attribute.*\n.*xp\.max\(x\)"
    ):
        on([1.0]).max()
    assert not hasattr(on([1.0]), "__cuda_array_interface__")
