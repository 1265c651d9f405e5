"""Reference for a whole step of training: a net of linear layers with ReLU between, the
mean cross-entropy of a batch, its gradients, and a step of plain SGD."""

from __future__ import annotations

from scratchnet.arrays import Array, array_namespace
from scratchnet.testing.references.activations import relu, relu_pullback
from scratchnet.testing.references.classification import (
    cross_entropy,
    cross_entropy_by_chain,
    cross_entropy_fused,
)
from scratchnet.testing.references.optimizers import sgd
from scratchnet.testing.references.products import (
    linear_bias_inside,
    linear_bias_last,
    linear_pullback,
)
from scratchnet.testing.references.reference import Algorithm, Reference, either


def train_step(
    x: Array, labels: Array, /, *parameters: Array, learning_rate: float = 0.1
) -> tuple[Array, ...]:
    """The loss before the step, and the parameters after it.

    x: (n, inputs); labels: (n,); parameters: weight and bias of each layer in turn.
    """
    layers = list(zip(parameters[::2], parameters[1::2], strict=True))
    inputs: list[Array] = [x]
    sums: list[Array] = []
    for weight, bias in layers:
        if sums:
            inputs.append(relu(sums[-1]))
        last, inside = linear_bias_last, linear_bias_inside
        here = inputs[-1], weight, bias
        sums.append(either(last(*here), inside(*here)))
    loss = cross_entropy(sums[-1], labels)
    one = array_namespace(loss).ones_like(loss)
    ways = cross_entropy_fused, cross_entropy_by_chain
    g = either(*(way(one, sums[-1], labels)[0] for way in ways))
    gradients: list[Array] = []
    for i in reversed(range(len(layers))):
        dx, *pair = linear_pullback(g, inputs[i], *layers[i])
        gradients = [*pair, *gradients]
        if i:
            (g,) = relu_pullback(dx, sums[i - 1])
    stepped = (
        sgd(p, g, learning_rate=learning_rate)
        for p, g in zip(parameters, gradients, strict=True)
    )
    return loss, *(p for (p,) in stepped)


REFERENCES = (
    Reference(
        "train_step",
        (
            Algorithm(
                "forward, backward, step",
                train_step,
                "each by any of the algorithms of its parts",
            ),
        ),
    ),
)
