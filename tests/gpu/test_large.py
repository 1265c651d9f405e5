"""Sizes at which kernels for GPUs go wrong, on numbers that nothing has to round.

More rows than a grid has blocks, more bytes than 32 bits count, sums of millions.
"""

import numpy as np
import pytest
from judged import judge, oracle
from targets import Devices

from scratchnet import log_softmax, matmul, relu, softmax
from scratchnet.arrays import array_namespace, to_numpy
from scratchnet.broadcasting import unbroadcast
from scratchnet.reductions import sum as total

#: One more than a grid of CUDA has blocks along its second and third axis.
ROWS = 65_536
#: What stands in for a GPU has the memory of the host: an array of 2 MiB there.
FAR = 2**31 if Devices.on_cuda() else 2**21
MANY = 10**7


def spread(count):
    """Integers of -1 to 1 whose sums are exact in any order, and not 0."""
    return np.where(np.arange(count) % 3 == 2, 1.0, -(np.arange(count) % 2.0))


@pytest.mark.parametrize("rows", [ROWS - 1, ROWS, ROWS + 1])
def test_sums_of_many_rows_are_exact(target, rows):
    x = spread(3 * rows).reshape(rows, 3)
    for axis in (0, 1):
        found = to_numpy(total(target.array(x), axis=axis))
        np.testing.assert_array_equal(found, x.sum(axis=axis))


@pytest.mark.parametrize("rows", [ROWS - 1, ROWS + 1])
def test_products_of_many_rows_are_exact(target, rows):
    x, w = spread(2 * rows).reshape(rows, 2), spread(6).reshape(2, 3)
    found = to_numpy(matmul(target.array(x), target.array(w)))
    np.testing.assert_array_equal(found, x @ w)


@pytest.mark.parametrize("f", [softmax, log_softmax])
def test_the_softmax_of_many_rows_is_within(target, f):
    x = target.array(np.random.default_rng(0).standard_normal((ROWS + 1, 3)))
    judge(oracle(f.__name__, x), like=x, ours=f(x))


@pytest.mark.parametrize("shape", [(MANY,), (1, MANY), (MANY, 1)])
def test_sums_of_many_numbers_are_exact(target, shape):
    x = spread(MANY).reshape(shape)
    assert float(total(target.array(x))) == x.sum()
    found = unbroadcast(target.array(x), (1,) * len(shape))
    np.testing.assert_array_equal(to_numpy(found), x.sum().reshape((1,) * len(shape)))


def test_what_lies_beyond_the_reach_of_32_bits_is_computed(target):
    """The last numbers of an array of more bytes: read, and added up."""
    count = FAR // np.dtype(target.format.carrier).itemsize + 8
    xp = target.xp
    like = target.array(0.0)
    x = xp.zeros(count, dtype=like.dtype, device=array_device(like))
    x[-3:] = target.array([-2.0, 3.0, 4.0])
    x[0] = target.array(1.0)
    y = relu(x)
    np.testing.assert_array_equal(to_numpy(y[-4:]), [0, 0, 3, 4])
    assert float(total(y)) == 8
    assert float(total(x)) == 6


def array_device(x):
    """The device of an array, as `device=` takes it."""
    assert array_namespace(x)
    return x.device
