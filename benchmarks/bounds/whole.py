"""Training as it is done: standardizing by the rows themselves, and a whole step."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from draws import Case, Draw
from subjects import Subject, on_numpy, on_torch, referenced

from scratchnet import losses, optim
from scratchnet.activations import relu_vjp
from scratchnet.arrays import array_namespace
from scratchnet.layers import Function, Linear, Sequential
from scratchnet.walking import state

try:
    import torch
    from torch.nn import functional
except ModuleNotFoundError:  # NumPy's cells are there all the same
    torch = functional = None


def fitted(draw: Draw) -> Case:
    """Training rows and others, standardized as they are."""
    features = draw.integer(1, 5)
    rows = (draw.numbers(draw.integer(1, 20), features) for _ in range(2))
    return Case(draw.form, tuple(rows), {"per_feature": draw.chance(0.5)})


def standardizes(train: Any, rows: Any, *, per_feature: bool) -> Any:
    """NumPy's mean and deviation, 1 where all are one number."""
    axis = 0 if per_feature else None
    mean, deviation = train.mean(axis=axis), train.std(axis=axis)
    constant = train.min(axis=axis) == train.max(axis=axis)
    return (rows - mean) / np.where(constant, 1, deviation).astype(rows.dtype)


def torch_standardizes(train: Any, rows: Any, *, per_feature: bool) -> Any:
    """PyTorch's mean and deviation, 1 where all are one number."""
    axis = 0 if per_feature else None
    mean, deviation = train.mean(axis), torch.std(train, dim=axis, correction=0)
    over = () if axis is None else axis
    constant = torch.amin(train, over) == torch.amax(train, over)
    return (rows - mean) / torch.where(constant, 1, deviation)


def whole_step(draw: Draw) -> Case:
    """A batch with labels, and the weights and biases of one or two layers."""
    n, features, classes = (draw.integer(1, 6) for _ in range(3))
    hidden = (draw.integer(1, 6),) if draw.chance(0.5) else ()
    sizes = (features, *hidden, classes)
    layers = (
        draw.others(*shape) for i, o in pairwise(sizes) for shape in ((o, i), (o,))
    )
    labels = draw.rng.integers(0, classes, n)
    rate = {"learning_rate": draw.one_of(0.01, 0.1, 1.0)}
    return Case(draw.form, (draw.numbers(n, features), labels, *layers), rate)


def our_whole_step(x: Any, labels: Any, *layers: Any, learning_rate: float) -> Any:
    """The pipeline's loss, gradients and step."""
    net = Sequential(
        tuple(
            each
            for i, pair in enumerate(zip(layers[::2], layers[1::2], strict=True))
            for each in (*[Function(relu_vjp)] * bool(i), Linear(*pair))
        )
    )
    logits, back = net.vjp(x)
    loss, loss_back = losses.cross_entropy_vjp(logits, labels)
    one = array_namespace(loss).ones_like(loss)
    gradients = back(*loss_back(one))[1]
    after, _ = optim.SGD(learning_rate).step(state(net), gradients, {})
    return loss, *after.values()


def torchs_whole_step(x: Any, labels: Any, *layers: Any, learning_rate: float) -> Any:
    """PyTorch's loss, autograd and optimizer."""
    parameters = [torch.nn.Parameter(each.clone()) for each in layers]
    y = x
    for i, pair in enumerate(zip(parameters[::2], parameters[1::2], strict=True)):
        y = functional.linear(functional.relu(y) if i else y, *pair)
    loss = functional.cross_entropy(y, labels)
    loss.backward()
    torch.optim.SGD(parameters, lr=learning_rate).step()
    return loss.detach(), *(each.detach() for each in parameters)


TRAINING = (
    Subject(
        "standardizer",
        fitted,
        referenced("standardizer"),
        {
            "NumPy": on_numpy(standardizes),
            "PyTorch": on_torch(torch_standardizes),
        },
    ),
    Subject(
        "train_step",
        whole_step,
        referenced("train_step"),
        {
            "NumPy, ours": on_numpy(our_whole_step),
            "PyTorch, ours": on_torch(our_whole_step),
            "PyTorch": on_torch(torchs_whole_step),
        },
    ),
)
