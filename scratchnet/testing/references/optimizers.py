"""Reference for a step of stochastic gradient descent, in the order of PyTorch's."""

from __future__ import annotations

from scratchnet.arrays import Array
from scratchnet.testing.references.reference import Algorithm, Reference


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
    g = -gradient if maximize else gradient
    if weight_decay != 0:
        g = g + weight_decay * parameter
    if momentum == 0:
        return (parameter - learning_rate * g,)
    v = g if velocity is None else momentum * velocity + (1 - dampening) * g
    step = g + momentum * v if nesterov else v
    return parameter - learning_rate * step, v


REFERENCES = (
    Reference(
        "sgd", (Algorithm("the rule of torch.optim.SGD", sgd, "with or without FMA"),)
    ),
)
