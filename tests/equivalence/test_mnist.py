"""What a lecture on MNIST by hand printed, found again with the real files."""

from functools import cache
from math import log

import numpy as np
import pytest

from scratchnet.arrays import namespace_named
from scratchnet.data import Batches, Standardizer
from scratchnet.datasets import mnist
from scratchnet.initialization import scaled_normal
from scratchnet.layers import perceptron
from scratchnet.optim import SGD
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


def test_training_rows_have_the_lectures_mean_and_deviation(data):
    """It printed .13044983 and .30728981, of which float32 had spoilt the end: the
    exact ones, from the pixels as integers, are .13044972 and .30728983."""
    found = Standardizer.fit(data.train.images)
    assert 0.13044965 < float(found.mean) < 0.13044975
    assert 0.30728975 < float(found.deviation) < 0.30728985


def test_validation_rows_have_the_lectures_mean_and_deviation(data):
    """Not 0 and 1: they are standardized by the training rows. It printed -.0058509,
    where exactly it is -.0058506, and .99243325."""
    rows = batches(data, data.valid, batch_size=1).x.astype(np.float64)
    assert -0.0058515 < rows.mean() < -0.0058505
    assert 0.9924325 < rows.std() < 0.9924335


def test_the_background_is_below_zero(data):
    assert -0.42455 < batches(data, data.valid, batch_size=1).x.min() < -0.42445


def test_the_first_validation_labels_are_the_lectures(data):
    assert data.valid.labels[:5].tolist() == [3, 8, 6, 9, 6]


def test_an_untrained_net_starts_at_log_10(data):
    """At the log of the number of classes, not of the batch size."""
    net = perceptron(
        (784, 10),
        xp=namespace_named("numpy"),
        rng=np.random.default_rng(0),
        init=scaled_normal,
    )
    loss, _ = evaluate(net, batches(data, data.train, batch_size=1000))
    assert log(10) - 0.1 < loss < log(10) + 0.1


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
