"""A step of training: linear layers with ReLU between, cross-entropy, plain SGD."""

from __future__ import annotations

from scratchnet.arrays import Array, array_namespace

Layers = list[tuple[Array, Array]]


def _forward(x: Array, layers: Layers) -> tuple[list[Array], list[Array]]:
    """What each layer is given, and what it makes of it."""
    xp = array_namespace(x)
    inputs, sums = [x], list[Array]()
    for weight, bias in layers:
        sums.append(xp.matmul(inputs[-1], weight.T) + bias)
        inputs.append(xp.where(sums[-1] > 0, sums[-1], xp.zeros_like(sums[-1])))
    return inputs, sums


def _cross_entropy(logits: Array, labels: Array) -> tuple[Array, Array]:
    """The mean over the batch of -log p of the labels, and its gradient."""
    xp = array_namespace(logits)
    n, classes = logits.shape
    shifted = logits - xp.max(logits, axis=-1, keepdims=True)
    total = xp.sum(xp.exp(shifted), axis=-1, keepdims=True)
    log_p = shifted - xp.log(total)
    chosen = labels[:, None] == xp.arange(classes, dtype=labels.dtype)
    picked = xp.where(chosen, log_p, xp.zeros_like(log_p))
    gradient = xp.exp(log_p) - xp.astype(chosen, log_p.dtype)
    return -xp.sum(picked) / n, gradient / n


def train_step(
    x: Array, labels: Array, /, *parameters: Array, learning_rate: float = 0.1
) -> tuple[Array, ...]:
    """The loss, and the parameters a step later: weight and bias of each layer."""
    xp = array_namespace(x)
    layers = list(zip(parameters[::2], parameters[1::2], strict=True))
    inputs, sums = _forward(x, layers)
    loss, g = _cross_entropy(sums[-1], labels)
    gradients: list[Array] = []
    for i in reversed(range(len(layers))):
        of_weight, of_bias = xp.matmul(g.T, inputs[i]), xp.sum(g, axis=0)
        gradients = [of_weight, of_bias, *gradients]
        if i:
            back = xp.matmul(g, layers[i][0])
            g = xp.where(sums[i - 1] > 0, back, xp.zeros_like(back))
    pairs = zip(parameters, gradients, strict=True)
    return loss, *(p - learning_rate * gradient for p, gradient in pairs)
