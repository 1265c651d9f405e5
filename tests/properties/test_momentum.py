"""A velocity with the learning rate in it makes the same steps, rounded otherwise."""

from functools import partial

import numpy as np
import pytest

from scratchnet.testing import OPS, REFERENCES, check, within
from scratchnet.testing.adapters import adapted

LAW = "every_step_equals_the_oracle"
TARGETS = ["numpy:float64", "numpy:float32"]
SEEDS = range(4)


class Momentum:
    """As textbooks have it: v = momentum v - rate g, p = p + v."""

    def __init__(self, lr=0.01, momentum=0.9):
        self.lr, self.momentum, self.v = lr, momentum, None

    def update(self, params, grads):
        if self.v is None:
            self.v = {name: np.zeros_like(p) for name, p in params.items()}
        for name in params:
            self.v[name] = self.momentum * self.v[name] - self.lr * grads[name]
            params[name] += self.v[name]


class Nesterov(Momentum):
    """By the new velocity and the gradient."""

    def update(self, params, grads):
        if self.v is None:
            self.v = {name: np.zeros_like(p) for name, p in params.items()}
        for name, p in params.items():
            down = self.lr * grads[name]
            self.v[name] = self.momentum * self.v[name] - down
            params[name] = p + self.momentum * self.v[name] - down
        return params


class NesterovByBoth(Momentum):
    """By the new velocity and the one before."""

    def update(self, params, grads):
        if self.v is None:
            self.v = {name: np.zeros_like(p) for name, p in params.items()}
        for name, p in params.items():
            before = self.v[name]
            self.v[name] = self.momentum * before - self.lr * grads[name]
            params[name] = (
                p - self.momentum * before + (1 + self.momentum) * self.v[name]
            )
        return params


def of_each(step):
    """An optimizer, of a step of one parameter, its gradient and what it keeps."""

    def optimizer(parameters, gradients, state, **rule):
        after, kept = dict(parameters), dict(state)
        for name, g in gradients.items():
            after[name], *kept[name] = step(
                parameters[name], g, *kept.get(name, ()), **rule
            )
        return after, kept

    return optimizer


def changed(p, g, d=None, /, *, fault="", **rule):
    """A step of the whole rule, by the change that it keeps; with a fault, if one is
    named."""
    rate, momentum = rule["learning_rate"], rule["momentum"]
    g = -g if rule["maximize"] else g
    decay = rule["weight_decay"] * p
    g = g if fault == "decay apart" else g + decay
    # Without momentum nothing is dampened.
    share = 1 - rule["dampening"] if momentum else 1
    if d is None and fault != "dampened at first":
        d, share = 0 * g, 1
    elif d is None:
        d = 0 * g
    rate_of_g = rate * (1 + 1e-6) if fault == "a rate that is off" else rate
    old, d = d, momentum * d - rate_of_g * (share * g)
    ahead = old if fault == "ahead by the last change" else d
    step = momentum * ahead - rate * g if rule["nesterov"] and momentum else d
    if fault == "sign":
        step = -step
    after = p + step
    return after - rate * decay if fault == "decay apart" else after, d


def steps(optimizer, seed, **restriction):
    """What is found of its steps: of an object's, as `scratchnet check` takes it."""
    operation = OPS["optimizer"].restrict(**restriction)
    function = adapted(optimizer, operation).function
    return check(function, operation, targets=TARGETS, seed=seed, laws=[LAW])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("optimizer", [Momentum, of_each(changed)])
def test_a_velocity_with_the_rate_in_it_makes_the_same_steps(optimizer, seed):
    report = steps(optimizer, seed)
    assert report.ok, str(report)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("optimizer", [Nesterov, NesterovByBoth])
def test_nesterovs_step_may_be_written_by_velocities(optimizer, seed):
    report = steps(optimizer, seed, nesterov=True)
    assert report.ok, str(report)


@pytest.mark.parametrize(
    "fault",
    [
        "dampened at first",
        "a rate that is off",
        "ahead by the last change",
        "decay apart",
        "sign",
    ],
)
def test_what_makes_other_steps_is_wrong(fault):
    """The control of the tests above: each is a fault of the rule, not of rounding."""
    step = partial(changed, fault=fault)
    report = check(of_each(step), OPS["optimizer"], targets=TARGETS[:1])
    assert {each.law.name for each in report.broken} == {LAW}
    assert "WRONG" in report.verdicts.values()


@pytest.mark.parametrize("algorithm", REFERENCES["optimizer"].algorithms)
def test_each_accepted_algorithm_holds_as_somebodys_code(algorithm):
    report = check(of_each(algorithm.function), OPS["optimizer"], targets=TARGETS)
    assert report.ok, str(report)


def test_what_it_rounds_more_is_the_rate_times_the_gradient():
    """Where the velocity cancels to nothing, the rule of PyTorch has nothing to round:
    the same steps by changes are off by what the two products were rounded by."""
    p, v = np.zeros(1, np.float32), np.asarray([-3.0], np.float32)
    g, rule = np.asarray([1.5], np.float32), {"learning_rate": 0.1, "momentum": 0.5}
    (stepped, *_), (by_either, *_) = (
        REFERENCES[name].oracle(p, g, v, *kept, **rule)
        for name, kept in (("sgd", ()), ("optimizer", (np.float32(-0.1) * v,)))
    )
    off = np.asarray([2.0**-27], np.float32)
    assert stepped.is_exact
    assert not within(off, stepped).ok
    assert within(off, by_either).ok
    assert not within(-np.float32(0.1) * g, by_either).ok
