"""References for a step of stochastic gradient descent: in the order of PyTorch's, and,
of an optimizer, whose velocities are its own, with the learning rate in them."""

from __future__ import annotations

from typing import Any

from scratchnet.arrays import Array
from scratchnet.testing.references.reference import Algorithm, Reference, either


def sgd(
    parameter: Array,
    gradient: Array,
    velocity: Array | None = None,
    /,
    *,
    learning_rate: float,
    momentum: float = 0.0,
    dampening: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> tuple[Array, ...]:
    """The parameter after the step and, with momentum, the velocity.

        g <- -g                                if maximize
        g <- g + weight_decay * p
        v <- g on the first step, then momentum * v + (1 - dampening) * g
        g <- g + momentum * v                  if nesterov, else v
        p <- p - learning_rate * g

    Hyper-parameters may be rounded to the format, or kept in double; each product and
    sum may round once together (FMA) or twice.
    """
    g = _descended(parameter, gradient, weight_decay, maximize)
    if momentum == 0:
        return (parameter - learning_rate * g,)
    v = g if velocity is None else momentum * velocity + (1 - dampening) * g
    step = g + momentum * v if nesterov else v
    return parameter - learning_rate * step, v


def _descended(
    parameter: Array, gradient: Array, weight_decay: float, maximize: bool
) -> Array:
    """What is descended along: the gradient, or its opposite, with the decay."""
    g = -gradient if maximize else gradient
    return g + weight_decay * parameter if weight_decay != 0 else g


def optimizer(
    parameter: Array,
    gradient: Array,
    velocity: Array | None = None,
    change: Array | None = None,
    /,
    *,
    learning_rate: float,
    momentum: float = 0.0,
    dampening: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> tuple[Array, ...]:
    """What `sgd` gives and, with momentum, the change, for `optimizer_by_changes`."""
    after, *kept = sgd(
        *(parameter, gradient, velocity),
        learning_rate=learning_rate,
        momentum=momentum,
        dampening=dampening,
        nesterov=nesterov,
        weight_decay=weight_decay,
        maximize=maximize,
    )
    if not kept:
        return (after,)
    g = _descended(parameter, gradient, weight_decay, maximize)
    return after, *kept, _changed(g, change, learning_rate, momentum, 1 - dampening)


def _changed(
    g: Array, change: Array | None, rate: float, momentum: float, share: float
) -> Array:
    """The change after the given one: along g, of which it takes a share, but at first
    all."""
    if change is None:
        return -(rate * g)
    part = either(rate * (share * g), share * (rate * g), (rate * share) * g)
    return momentum * change - part


def optimizer_by_changes(
    parameter: Array,
    gradient: Array,
    velocity: Array | None = None,
    change: Array | None = None,
    /,
    **rule: Any,
) -> tuple[Array, ...]:
    """The same steps, where what is kept is d = -learning_rate * v instead of v.

        d <- -learning_rate * g on the first step, then
             momentum * d - learning_rate * (1 - dampening) * g
        p <- p + d, or p + (momentum * d - learning_rate * g) if nesterov

    At a constant learning rate that is -learning_rate times each line of `sgd`, decay
    and sign included, as those are in g. It rounds otherwise: learning_rate * g before
    it is added up, which is what is off where that and momentum * d cancel.
    """
    after, *kept = optimizer(parameter, gradient, velocity, change, **rule)
    if not kept:
        return (after,)
    d = kept[-1]
    if not rule.get("nesterov", False):
        return parameter + d, *kept
    decay, maximize = rule.get("weight_decay", 0.0), rule.get("maximize", False)
    g = _descended(parameter, gradient, decay, maximize)
    ways = _ahead(parameter, d, rule["momentum"], rule["learning_rate"] * g)
    if not rule.get("dampening", 0.0):
        ways = *ways, *_looking_back(parameter, d, change, rule["momentum"])
    return either(*ways), *kept


def _ahead(p: Array, d: Array, momentum: float, down: Array) -> tuple[Array, ...]:
    """Nesterov's step: p + momentum * d - rate * g, from either side."""
    ahead = momentum * d
    return p + (ahead - down), (p + ahead) - down, (p - down) + ahead


def _looking_back(
    p: Array, d: Array, last: Array | None, momentum: float
) -> tuple[Array, ...]:
    """The same by the change before: -rate * g is d - momentum * last, undamped."""
    both = (1 + momentum) * d
    if last is None:
        return (p + both,)
    back = momentum * last
    return p + (both - back), (p + both) - back, (p - back) + both


REFERENCES = (
    Reference(
        "sgd", (Algorithm("the rule of torch.optim.SGD", sgd, "with or without FMA"),)
    ),
    Reference(
        "optimizer",
        (
            Algorithm("the rule of torch.optim.SGD", optimizer, "with or without FMA"),
            Algorithm(
                "v = momentum v - learning_rate g, p = p + v",
                optimizer_by_changes,
                "at a constant learning_rate; Nesterov's p + momentum v - "
                "learning_rate g, or by the velocity before",
            ),
        ),
    ),
)
