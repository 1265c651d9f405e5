"""A whole training on a device, and each of its steps on the host from the same state.

Both are judged by the oracle of that very step, so that nothing adds up.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from judged import host, judge
from nets import loss_and_gradients, sgd_step
from targets import Devices

from scratchnet import SGD, Batches, Run, Standardizer, digits, fit, perceptron, state
from scratchnet.activations import elu_vjp
from scratchnet.testing import Target
from scratchnet.walking import with_state

STEPS = 300 if Devices.on_cuda() else 40
#: With ELU, smooth at 0, so that no rounding can decide between two slopes.
RULE = SGD(0.05, momentum=0.9, nesterov=True, weight_decay=1e-3)


class Kept:
    """A callback that keeps the run after every step."""

    def __init__(self, run):
        self.runs = [run]

    def after_step(self, run, _):
        self.runs.append(run)

    def after_epoch(self, run, _):
        self.runs[-1] = run


def there(where):
    """A net and its batches, the same numbers wherever they live."""
    rows = digits().train
    on_host = Standardizer.fit(rows.images)(rows.images)
    train = Batches(
        where.array(on_host), where.array(rows.labels), batch_size=32, shuffle=True
    )
    net = perceptron(
        (64, 16, 10),
        xp=where.xp,
        rng=np.random.default_rng(0),
        activation=elu_vjp,
        dtype=where.dtype,
        device=where.device or None,
    )
    return net, train


def test_every_step_is_within_on_both(target):
    net, train = there(target)
    other_net, other_train = there(Target.named(f"numpy:{target.dtype}"))
    kept = Kept(Run(net))
    fit(kept.runs[0], RULE, train, steps=STEPS, callbacks=[kept])
    assert len(kept.runs) == STEPS + 1
    for before, after in pairwise(kept.runs):
        x, labels = next(other_train.epoch(before.epoch, start=before.batch))
        parameters = {name: host(p) for name, p in state(before.model).items()}
        velocities = {name: host(v) for name, v in before.velocities.items()}
        _, gradients = loss_and_gradients(x, labels, parameters, activation="elu")
        model = with_state(other_net, parameters)
        start = replace(before, model=model, velocities=velocities)
        beside = fit(start, RULE, other_train, steps=before.steps + 1)
        expected = sgd_step(RULE, parameters, gradients, velocities)
        found = state(after.model), after.velocities
        others = state(beside.model), beside.velocities
        for allowed, here, elsewhere in zip(expected, found, others, strict=True):
            for name, bound in allowed.items():
                assert np.isfinite(bound.error).all()
                judge(bound, ours_there=here[name], ours_here=elsewhere[name])
                assert target.holds(here[name])
