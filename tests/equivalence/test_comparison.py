"""The twin in torch.nn and our own run, each held to the references."""

from dataclasses import replace

import numpy as np
import pytest
from judged import judge
from nets import loss_and_gradients, sgd_step

from scratchnet import experiment
from scratchnet.data import Batches
from scratchnet.layers import perceptron
from scratchnet.optim import SGD
from scratchnet.training import fit
from scratchnet.walking import state

comparison = pytest.importorskip("scratchnet.comparison", exc_type=ImportError)

RNG = np.random.default_rng(0)
X, LABELS = RNG.standard_normal((10, 3)), RNG.integers(0, 4, 10)
SLOPES = {"leaky_relu": {"slope": 0.1}}


@pytest.fixture
def broken_off():
    """A run, by activation, broken off in its second epoch: it has velocities."""
    train = Batches(X, LABELS, batch_size=4, shuffle=True)
    sgd = SGD(0.1, momentum=0.9, weight_decay=1e-3)

    def run(activation):
        net = perceptron(
            (3, 5, 4),
            xp=np,
            rng=np.random.default_rng(1),
            activation=experiment.ACTIVATIONS[activation],
            dtype="float64",
        )
        return fit(net, sgd, train, steps=4), sgd, train

    return run


def end_of_epoch(run, sgd, train, activation):
    """Parameters and velocities after the steps that are left, which are two."""
    after = state(run.model), run.velocities
    options = SLOPES.get(activation, {})
    batches = list(train.epoch(run.epoch, start=run.batch))
    assert len(batches) == 2
    for x, labels in batches:
        parameters, velocities = after
        _, gradients = loss_and_gradients(
            x, labels, parameters, activation=activation, **options
        )
        after = sgd_step(sgd, parameters, gradients, velocities)
    return after


@pytest.mark.parametrize("activation", experiment.ACTIVATIONS)
def test_the_twin_takes_the_same_steps(broken_off, activation):
    """From the weights and velocities of a broken off run, on the batches left."""
    before, sgd, train = broken_off(activation)
    expected, _ = end_of_epoch(before, sgd, train, activation)
    twin = comparison.Twin(before, sgd, None, activation=activation)
    after = fit(before, sgd, train, epochs=2, callbacks=[twin])
    theirs = dict(zip(expected, twin._net.parameters(), strict=True))
    for name, allowed in expected.items():
        judge(allowed, like=X, ours=state(after.model)[name], PyTorch=theirs[name])
    differences = [
        np.abs(x - theirs[name].detach().numpy()).max()
        for name, x in state(after.model).items()
    ]
    assert twin.epochs[0].largest_difference == max(differences)


@pytest.mark.parametrize("changed", ["batches", "velocities", "weights"])
def test_another_twin_is_found_out(broken_off, changed):
    """The control: on other batches, from other velocities or other weights."""
    before, sgd, train = broken_off("elu")
    expected, _ = end_of_epoch(before, sgd, train, "elu")
    other = {
        "batches": fit(before, sgd, Batches(X, LABELS, batch_size=4), epochs=2),
        "velocities": fit(replace(before, velocities={}), sgd, train, epochs=2),
        "weights": fit(broken_off("sine")[0], sgd, train, epochs=2),
    }[changed]
    with pytest.raises(AssertionError, match="times the bound"):
        judge(tuple(expected.values()), ours=tuple(state(other.model).values()))
