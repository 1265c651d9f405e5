"""Stochastic gradient descent: of one parameter, and of several by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scratchnet.arrays import Array, array_namespace


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
    """The parameter a step later and, with momentum, the velocity."""
    g = -gradient if maximize else gradient
    if weight_decay:
        g = g + weight_decay * parameter
    if not momentum:
        return (parameter - learning_rate * g,)
    if velocity is None:
        v = array_namespace(g).asarray(g, copy=True)
    else:
        v = momentum * velocity + (1 - dampening) * g
    step = g + momentum * v if nesterov else v
    return parameter - learning_rate * step, v


def optimizer(
    parameters: Mapping[str, Array],
    gradients: Mapping[str, Array],
    state: Mapping[str, Array],
    /,
    **hyper: Any,
) -> tuple[dict[str, Array], dict[str, Array]]:
    """All parameters a step later, and the velocities of those that have one."""
    after, velocities = dict(parameters), dict(state)
    for name, g in gradients.items():
        moved = sgd(parameters[name], g, velocities.get(name), **hyper)
        after[name] = moved[0]
        if len(moved) > 1:
            velocities[name] = moved[1]
    return after, velocities
