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
from scratchnet.testing import Bounded

#: Parameters or gradients by name, the layers in order: weight, bias, weight, ...
Arrays = Mapping[str, Any]


def net(
    x: Any,
    parameters: Arrays,
    /,
    *,
    activation: str,
    kinks: bool = True,
    **options: float,
) -> tuple[Any, Callable[[Any], tuple[Any, dict[str, Any]]]]:
    """The logits, and the way back from their cotangent to that of x and gradients.

    kinks: whether where a sum is 0 every slope is allowed that an activation may have
    there; else the one below 0 alone, as PyTorch's functions and ours have it.
    """
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
                at = sums[i - 1] if kinks else _beside_kinks(sums[i - 1])
                (g,) = oracle(f"{activation}.pullback", dx, at, **options)
        return dx, dict(zip(names, gradients, strict=True))

    return sums[-1], pullback


def _beside_kinks(x: Bounded) -> Bounded:
    """The sums, but for 0 a number below it: of ReLU and leaky ReLU it is as good as
    any other."""
    return Bounded(np.where(x.value == 0, -1, x.value), x.contract, x.error)


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
