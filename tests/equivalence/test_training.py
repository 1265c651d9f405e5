"""A training run beside torch.nn and torch.optim, each step held to the references."""

import numpy as np
import pytest
from equivalence.autograd import tensor
from judged import judge
from nets import loss_and_gradients, sgd_step

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
    """A callback that takes each step in PyTorch too, and judges both.

    Each step starts from the parameters and velocities that our run was in, and each
    update from the gradients that were really taken, so that nothing adds up.
    """

    def __init__(self, torch, net, sgd, run):
        self.torch, self.net, self.before, self.steps = torch, net, run, 0
        self.sgd = sgd
        self.optimizer = torch.optim.SGD(
            net.parameters(),
            lr=sgd.learning_rate,
            momentum=sgd.momentum,
            nesterov=sgd.nesterov,
            weight_decay=sgd.weight_decay,
        )

    def after_step(self, run, train):
        x, labels = next(train.epoch(run.epoch, start=run.batch - 1))
        parameters = state(self.before.model)
        loss, gradients = loss_and_gradients(x, labels, parameters, activation="elu")
        ours = gradients_of(self.before.model, x, labels)
        value, theirs, after = self._pytorchs(x, labels)
        judge(loss, like=x, ours=run.losses[-1], PyTorch=value)
        for name, allowed in gradients.items():
            judge(allowed, like=x, ours=ours[name], PyTorch=theirs[name])
        self._judge_update("ours", ours, (state(run.model), run.velocities))
        self._judge_update("PyTorch", theirs, after)
        self.before, self.steps = run, self.steps + 1

    def after_epoch(self, run, _):
        self.before = run

    def _judge_update(self, who, gradients, after):
        """Whether SGD came to this from the state before, by these gradients."""
        before = state(self.before.model), gradients, self.before.velocities
        for expected, found in zip(sgd_step(self.sgd, *before), after, strict=True):
            assert found.keys() == expected.keys()
            for name, allowed in expected.items():
                judge(allowed, **{who: found[name]})

    def _pytorchs(self, x, labels):
        """The loss, the gradients, and the parameters and velocities after a step."""
        torch, before = self.torch, state(self.before.model)
        leaves = dict(zip(before, self.net.parameters(), strict=True))
        with torch.no_grad():
            for name, p in leaves.items():
                p.copy_(tensor(before[name]))
        for name, velocity in self.before.velocities.items():
            buffer = tensor(velocity).clone()
            self.optimizer.state[leaves[name]]["momentum_buffer"] = buffer
        self.optimizer.zero_grad()
        logits = self.net(tensor(x))
        loss = torch.nn.functional.cross_entropy(logits, tensor(labels))
        loss.backward()
        self.optimizer.step()
        buffers = {
            name: self.optimizer.state[p].get("momentum_buffer")
            for name, p in leaves.items()
        }
        velocities = {name: v for name, v in buffers.items() if v is not None}
        return loss, {name: p.grad for name, p in leaves.items()}, (leaves, velocities)


def gradients_of(model, x, labels):
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
def test_a_hundred_steps_on_the_digits_are_within(target, sgd):
    """With ELU, smooth at 0, so that no rounding can decide between two slopes."""
    torch = pytest.importorskip("torch")
    rows = digits().train
    images = target.array(rows.images)
    train = Batches(
        Standardizer.fit(images)(images),
        target.array(rows.labels),
        batch_size=16,
        shuffle=True,
    )
    rng = np.random.default_rng(0)
    model = perceptron(
        (64, 16, 10),
        xp=target.xp,
        rng=rng,
        activation=elu_vjp,
        dtype=target.dtype,
        device=target.device or None,
    )
    net = torch.nn.Sequential(
        torch.nn.Linear(64, 16), torch.nn.ELU(), torch.nn.Linear(16, 10)
    ).to(tensor(train.x))
    run = training.Run(model)
    beside = Beside(torch, net, sgd, run)
    training.fit(run, sgd, train, steps=100, callbacks=[beside])
    assert beside.steps == 100
