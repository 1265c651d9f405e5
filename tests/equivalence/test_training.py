"""A training run beside torch.nn and torch.optim, each step from the same state."""

import numpy as np
import pytest
from interim import agree, wide

from scratchnet import training
from scratchnet.activations import elu_vjp
from scratchnet.arrays import array_namespace
from scratchnet.data import Batches, Standardizer
from scratchnet.datasets import digits
from scratchnet.layers import perceptron
from scratchnet.losses import cross_entropy_vjp
from scratchnet.optim import SGD
from scratchnet.walking import state


class Beside:
    """A callback that takes each step in PyTorch too, and compares.

    It works in float64 and starts each step from the parameters and velocities that our
    run was in, so that rounding does not add up from step to step.
    """

    def __init__(self, torch, net, sgd, run):
        self.torch, self.net, self.before, self.steps = torch, net, run, 0
        self.optimizer = torch.optim.SGD(
            net.parameters(),
            lr=sgd.learning_rate,
            momentum=sgd.momentum,
            nesterov=sgd.nesterov,
            weight_decay=sgd.weight_decay,
        )

    def after_step(self, run, train):
        x, labels = next(train.epoch(run.epoch, start=run.batch - 1))
        loss, gradients = self._step(x, labels)
        agree(run.losses[-1], loss, like=x)
        for name, found in ours(self.before.model, x, labels).items():
            expected = gradients[name]
            agree(found, expected, magnitude=np.abs(expected).max(), like=x)
        for name, found in state(run.model).items():
            agree(found, self.parameters[name].detach(), like=x)
        for name, found in run.velocities.items():
            p = self.parameters[name]
            agree(found, self.optimizer.state[p]["momentum_buffer"], like=x)
        self.before, self.steps = run, self.steps + 1

    def after_epoch(self, run, _):
        self.before = run

    @property
    def parameters(self):
        return dict(zip(state(self.before.model), self.net.parameters(), strict=True))

    def _step(self, x, labels):
        """The loss and the gradients of one step from where our run was."""
        torch = self.torch
        with torch.no_grad():
            for name, p in self.parameters.items():
                p.copy_(torch.tensor(wide(state(self.before.model)[name])))
        for name, velocity in self.before.velocities.items():
            buffer = torch.tensor(wide(velocity))
            self.optimizer.state[self.parameters[name]]["momentum_buffer"] = buffer
        self.optimizer.zero_grad()
        logits = self.net(torch.tensor(wide(x)))
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(labels.tolist()))
        loss.backward()
        self.optimizer.step()
        return loss.item(), {
            name: p.grad.numpy() for name, p in self.parameters.items()
        }


def ours(model, x, labels):
    """Our gradients of the loss."""
    logits, pullback = model.vjp(x)
    loss, loss_pullback = cross_entropy_vjp(logits, labels)
    one = array_namespace(loss).ones_like(loss)
    return pullback(loss_pullback(one)[0])[1]


@pytest.mark.parametrize(
    "sgd",
    [SGD(0.1), SGD(0.05, momentum=0.9, nesterov=True, weight_decay=1e-3)],
    ids=["plain", "nesterov"],
)
def test_a_hundred_steps_on_the_digits_are_pytorchs(target, sgd):
    """With ELU, smooth at 0, so that no rounding can decide between two slopes."""
    torch = pytest.importorskip("torch")
    rows = digits().train
    images = target.array(rows.images)
    train = Batches(
        Standardizer.fit(images)(images),
        target.array(rows.labels),
        batch_size=64,
        shuffle=True,
    )
    rng = np.random.default_rng(0)
    model = perceptron(
        (64, 16, 10),
        xp=target.xp,
        rng=rng,
        activation=elu_vjp,
        dtype=target.dtype,
        device=target.device,
    )
    net = torch.nn.Sequential(
        torch.nn.Linear(64, 16), torch.nn.ELU(), torch.nn.Linear(16, 10)
    )
    run = training.Run(model)
    beside = Beside(torch, net.double(), sgd, run)
    training.fit(run, sgd, train, steps=100, callbacks=[beside])
    assert beside.steps == 100
