"""What a lecture on MNIST by hand printed, found again with the real files."""

from fractions import Fraction
from functools import cache
from math import floor, isqrt, log

import numpy as np
import pytest
from judged import judge, oracle
from rational import nearest

from scratchnet.arrays import namespace_named
from scratchnet.data import Batches, Standardizer
from scratchnet.datasets import mnist
from scratchnet.initialization import scaled_normal
from scratchnet.layers import perceptron
from scratchnet.optim import SGD
from scratchnet.testing.formats import FLOAT32
from scratchnet.training import evaluate, fit

pytestmark = pytest.mark.mnist

dataset = cache(mnist)


@pytest.fixture
def data(mnist_folder):
    return dataset(mnist_folder)


def batches(data, split, **options):
    """A split, standardized as the training rows are."""
    images = Standardizer.fit(data.train.images)(split.images)
    return Batches(images, split.labels, **options)


def mean_and_variance(split):
    """Exactly: pixels are integers, divided by 256."""
    counts = np.bincount(levels(split).ravel(), minlength=256).tolist()
    n = sum(counts)
    mean = Fraction(sum(i * many for i, many in enumerate(counts)), 256 * n)
    square = Fraction(sum(i * i * many for i, many in enumerate(counts)), 256**2 * n)
    return mean, square - mean**2


def levels(split):
    return (split.images * 256).astype(np.uint8)


def root(x):
    """The square root of a rational number to 100 binary digits, the rest cut off."""
    return Fraction(isqrt(floor(x * 4**100)), 2**100)


def test_training_rows_have_the_lectures_mean_and_deviation(data):
    """It printed .13044983 and .30728981, of which float32 had spoilt the end: the
    exact ones, from the pixels as integers, are .13044972 and .30728983.

    What is found is the float32 number nearest to them: float64, in which it is added
    up, is off by less than they are from the middle between two, in any order.
    """
    mean, variance = mean_and_variance(data.train)
    assert floor(mean * 10**8) == 13044972
    assert floor(root(variance) * 10**8) == 30728983
    found = Standardizer.fit(data.train.images)
    assert float(found.mean) == nearest(mean, FLOAT32)
    assert float(found.deviation) == nearest(root(variance), FLOAT32)


def test_validation_rows_have_the_lectures_mean_and_deviation(data):
    """Not 0 and 1: they are standardized by the training rows. It printed -.0058509,
    where exactly it is -.005850599, and .99243325, where it is .99243327."""
    mean, variance = mean_and_variance(data.train)
    of_valid, valid_variance = mean_and_variance(data.valid)
    assert floor((mean - of_valid) / root(variance) * 10**9) == 5850599
    assert floor(root(valid_variance / variance) * 10**8) == 99243327


def test_validation_rows_are_standardized_by_the_training_rows(data):
    """Each of the 256 levels is within the bound, and every pixel is its level."""
    standardize = Standardizer.fit(data.train.images)
    pixels = np.arange(256, dtype=np.float32) / np.float32(256)
    expected = oracle("standardize", pixels, standardize.mean, standardize.deviation)
    judge(expected, ours=standardize(pixels))
    rows = batches(data, data.valid, batch_size=1).x
    assert np.array_equal(rows, standardize(pixels)[levels(data.valid)])


def test_the_background_is_below_zero(data):
    """Where the lecture printed -.4245."""
    mean, variance = mean_and_variance(data.train)
    assert floor(mean / root(variance) * 10**4) == 4245
    assert batches(data, data.valid, batch_size=1).x.min() < 0


def test_the_first_validation_labels_are_the_lectures(data):
    assert data.valid.labels[:5].tolist() == [3, 8, 6, 9, 6]


def test_an_untrained_net_starts_at_log_10(data):
    """At the log of the number of classes, not of the batch size: nearer to a choice
    among ten than to one among nine or eleven."""
    net = perceptron(
        (784, 10),
        xp=namespace_named("numpy"),
        rng=np.random.default_rng(0),
        init=scaled_normal,
    )
    loss, _ = evaluate(net, batches(data, data.train, batch_size=1000))
    assert log(9) < loss < log(11)


@pytest.mark.parametrize(
    ("sizes", "learning_rate", "least"),
    [((784, 10), 0.01, 0.905), ((784, 100, 10), 0.1, 0.955)],
    ids=["linear", "100 hidden"],
)
def test_one_epoch_reaches_what_the_builtins_reach(data, sizes, learning_rate, least):
    net = perceptron(sizes, xp=namespace_named("numpy"), rng=np.random.default_rng(0))
    train = batches(data, data.train, batch_size=64, shuffle=True)
    valid = batches(data, data.valid, batch_size=1000)
    run = fit(net, SGD(learning_rate), train, epochs=1, valid=valid)
    assert run.history.epochs[0].valid_accuracy >= least
