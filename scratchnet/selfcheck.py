"""Which function of the pipeline implements which operation of the harness.

The pipeline knows nothing of the harness, and its functions are not all called as the
operations are: where they are not, they are called by their arrays here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from operator import mul
from types import MappingProxyType
from typing import Any

import scratchnet
from scratchnet.arrays import Array, Pullback, array_namespace, as_dtype
from scratchnet.data import Batches, Standardizer
from scratchnet.layers import Function, Linear, Sequential
from scratchnet.optim import SGD
from scratchnet.testing import OPS, Op
from scratchnet.walking import state

#: A function, and its VJP rule where there is one.
Pair = tuple[Callable[..., Any], Callable[..., Any] | None]
#: Ours standardizes rows of features, of as many as it was fit to.
OPERATIONS: Mapping[str, Op] = MappingProxyType(
    {**OPS, "standardize": OPS["standardize"].restrict(ranks=2)}
)


def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """The layer, by its arrays."""
    return Linear(weight, bias)(x)


def linear_vjp(
    x: Array, weight: Array, bias: Array | None = None
) -> tuple[Array, Pullback]:
    """The layer and its pullback, to the cotangents of its arrays in order."""
    y, pullback = Linear(weight, bias).vjp(x)

    def by_position(g: Array) -> tuple[Array, ...]:
        dx, gradients = pullback(g)
        return dx, *gradients.values()

    return y, by_position


def sgd(p: Array, g: Array, v: Array | None = None, **hyper: Any) -> tuple[Array, ...]:
    """A step of one parameter: the new one, and its velocity where there is one."""
    before = {} if v is None else {"p": v}
    new, velocities = SGD(**hyper).step({"p": p}, {"p": g}, before)
    return new["p"], *velocities.values()


def standardizer(train: Array, rows: Array, *, per_feature: bool) -> Array:
    """Rows standardized as the training rows say."""
    return Standardizer.fit(train, per_feature=per_feature)(rows)


def standardize(x: Array, mean: Array, std: Array) -> Array:
    """Rows standardized by what was fit."""
    return Standardizer(mean, std)(x)


def train_step(
    x: Array, labels: Array, *parameters: Array, learning_rate: float
) -> tuple[Array, ...]:
    """The loss, and the parameters after a step, of a net with ReLU between layers."""
    layers: list[Any] = []
    for weight, bias in zip(parameters[::2], parameters[1::2], strict=True):
        layers += [Function(scratchnet.relu_vjp)] * bool(layers)
        layers.append(Linear(weight, bias))
    model = Sequential(tuple(layers))
    scratchnet.check_labels(labels, parameters[-1].shape[0])
    stepped = scratchnet.train_step(model, SGD(learning_rate), {}, x, labels)
    new, _, loss, _ = stepped
    return loss, *state(new).values()


def one_hot(labels: Array, classes: int) -> Array:
    """Ours marks no class for a label that is none, for losses that ignore it."""
    scratchnet.check_labels(labels, classes)
    marked = scratchnet.one_hot(labels, classes)
    return as_dtype(marked, array_namespace(labels).int64)


def optimizer(parameters: Any, gradients: Any, velocities: Any, **hyper: Any) -> Any:
    """A step of all parameters, by name."""
    return SGD(**hyper).step(parameters, gradients, velocities)


_PAIRS = (
    *("broadcast_to", "sum", "mean", "matvec", "matmul", "tensordot", "relu"),
    *("leaky_relu", "elu", "sigmoid", "sine", "softmax", "log_softmax", "nll"),
    *("cross_entropy", "binary_cross_entropy", "mse"),
)
#: Ours, by the operation that each implements.
OURS: Mapping[str, Pair] = MappingProxyType(
    {
        name: (getattr(scratchnet, name), getattr(scratchnet, f"{name}_vjp"))
        for name in _PAIRS
    }
    | {
        "unbroadcast": (scratchnet.unbroadcast, None),
        "linear": (linear, linear_vjp),
        "standardize": (standardize, None),
        "standardizer": (standardizer, None),
        "sgd": (sgd, None),
        "train_step": (train_step, None),
        "loader": (Batches, None),
        "optimizer": (optimizer, None),
        "one_hot": (one_hot, None),
        "outer": (partial(scratchnet.outer, mul), None),
    }
)
