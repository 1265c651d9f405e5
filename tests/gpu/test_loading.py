"""Mini-batches on a device: the rows of the host, in their order, to the bit."""

import numpy as np
import pytest

from scratchnet import Batches
from scratchnet.arrays import to_numpy
from scratchnet.testing import Target

ROWS = 1000


def epochs(where, **options):
    """The batches of two epochs there, on the host."""
    rng = np.random.default_rng(0)
    x = where.array(rng.standard_normal((ROWS, 3)).astype(np.float32))
    labels = where.array(np.arange(ROWS) % 10)
    batches = Batches(x, labels, batch_size=64, **options)
    found = [pair for epoch in range(2) for pair in batches.epoch(epoch)]
    assert all(where.holds(part) for pair in found for part in pair)
    return [tuple(map(to_numpy, pair)) for pair in found]


@pytest.mark.parametrize(
    "options",
    [{}, {"shuffle": True}, {"shuffle": True, "seed": 7}, {"drop_last": True}],
    ids=str,
)
def test_batches_on_a_device_are_those_of_the_host(target, options):
    found = epochs(target, **options)
    expected = epochs(Target.named("numpy:float32"), **options)
    assert len(found) == len(expected)
    for pair, other in zip(found, expected, strict=True):
        for one, two in zip(pair, other, strict=True):
            np.testing.assert_array_equal(one, two)
