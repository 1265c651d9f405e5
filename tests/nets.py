"""Nets of linear layers and what training does to them, by the references alone.

Every function here composes oracles: given bound-carrying or plain arrays it says what
any correct implementation may come to, from these very parameters, in one step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from judged import exactly, host, oracle

from scratchnet.optim import SGD

#: Parameters or gradients by name, the layers in order: weight, bias, weight, ...
Arrays = Mapping[str, Any]


def net(
    x: Any, parameters: Arrays, /, *, activation: str, **options: float
) -> tuple[Any, Callable[[Any], tuple[Any, dict[str, Any]]]]:
    """The logits, and the way back from their cotangent to that of x and gradients."""
    names, values = list(parameters), list(map(host, parameters.values()))
    layers = list(zip(values[::2], values[1::2], strict=True))
    inputs, sums = [host(x)], []
    for weight, bias in layers:
        if sums:
            inputs.append(oracle(activation, sums[-1], **options))
        sums.append(oracle("linear", inputs[-1], weight, bias))

    def pullback(g: Any) -> tuple[Any, dict[str, Any]]:
        gradients: list[Any] = []
        for i in reversed(range(len(layers))):
            dx, *pair = oracle("linear.pullback", g, inputs[i], *layers[i])
            gradients = [*pair, *gradients]
            if i:
                way_back = f"{activation}.pullback"
                (g,) = oracle(way_back, dx, sums[i - 1], **options)
        return dx, dict(zip(names, gradients, strict=True))

    return sums[-1], pullback


def loss_and_gradients(
    x: Any, labels: Any, parameters: Arrays, /, *, activation: str, **options: float
) -> tuple[Any, dict[str, Any]]:
    """The cross-entropy of a batch and the gradients of it."""
    logits, pullback = net(x, parameters, activation=activation, **options)
    one = np.ones((), host(x).dtype)
    (g,) = oracle("cross_entropy.pullback", one, logits, labels)
    return oracle("cross_entropy", logits, labels), pullback(g)[1]


def sgd_step(
    sgd: SGD, parameters: Arrays, gradients: Arrays, velocities: Arrays, /
) -> tuple[dict[str, Any], dict[str, Any]]:
    """New parameters and velocities; what has no gradient keeps its own."""
    new, rates = (
        {name: exactly(x) for name, x in arrays.items()}
        for arrays in (parameters, velocities)
    )
    for name, g in gradients.items():
        velocity = [velocities[name]] if name in velocities else []
        new[name], *v = oracle("sgd", parameters[name], g, *velocity, **vars(sgd))
        if v:
            (rates[name],) = v
    return new, rates
