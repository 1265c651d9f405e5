"""CUDA and the host, to the bit: on numbers that nothing has to round.

Sums and products of small integers are exact in any order, and in any precision that
holds the integers themselves, so that there is nothing to tolerate.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnet import products, reductions
from scratchnet.arrays import to_numpy
from scratchnet.broadcasting import unbroadcast
from scratchnet.optim import SGD
from scratchnet.testing import Target
from scratchnet.testing.strategies import operands

INTEGERS = st.integers(-8, 8).map(float)


def integers(*shape):
    """Integers of -3 to 3, in an order that repeats after a thousand: a sum of 10^6
    products of two is below 2^24, whatever their signs."""
    return (np.arange(float(np.prod(shape))) * 7919 % 1009 % 7 - 3).reshape(shape)


def on_both(f, target, *arrays):
    """f of the arrays on the target, and by NumPy: both on the host."""
    host = Target.named(f"numpy:{target.dtype}")
    return tuple(to_numpy(f(*map(where.array, arrays))) for where in (target, host))


def assert_same(f, target, *arrays):
    np.testing.assert_array_equal(*on_both(f, target, *arrays), strict=True)


@given(pair=operands("(m?,k),(k,p?)->(m?,p?)", elements=INTEGERS))
def test_products_have_the_same_bits(target, pair):
    assert_same(products.matmul, target, *pair)


@pytest.mark.parametrize(
    ("m", "k", "p"), [(300, 1000, 70), (1, 1_000_000, 1), (1000, 1, 1000)]
)
def test_products_of_many_tiles_have_the_same_bits(target, m, k, p):
    assert_same(products.matmul, target, integers(m, k), integers(k, p))


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 2)])
def test_sums_have_the_same_bits(target, axis):
    x = integers(50, 100, 200)
    assert_same(lambda x: reductions.sum(x, axis=axis), target, x)


def test_what_was_broadcast_is_summed_to_the_same_bits(target):
    assert_same(lambda g: unbroadcast(g, (100, 1)), target, integers(50, 100, 200))


@given(arrays=operands("(n),(n)->(n)", elements=INTEGERS), nesterov=st.booleans())
def test_steps_by_powers_of_two_have_the_same_bits(target, arrays, nesterov):
    """Halves of integers are exact, as long as there are bits for them."""
    sgd = SGD(0.5, momentum=0.5, nesterov=nesterov, weight_decay=0.25)

    def three_steps(p, g):
        parameters, velocities = {"p": p}, {}
        for _ in range(3):
            parameters, velocities = sgd.step(parameters, {"p": g}, velocities)
        return parameters["p"]

    p, g = np.broadcast_arrays(*arrays)
    assert_same(three_steps, target, p, g)
