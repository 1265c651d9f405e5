"""What is judged: for each operation ours, NumPy's and PyTorch's, by its name.

Each is a pair: the function, and its VJP rule or None. NumPy's are its built-ins, or
formulas of them; PyTorch's are its built-ins and autograd.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import prod
from operator import mul
from typing import Any

import numpy as np

import scratchnet
from scratchnet.arrays import array_namespace, as_dtype
from scratchnet.data import Batches, Standardizer
from scratchnet.layers import Function, Linear, Sequential
from scratchnet.optim import SGD
from scratchnet.testing import OPS
from scratchnet.walking import state

#: Ours standardizes rows of features, of as many as it was fit to.
OPERATIONS = {**OPS, "standardize": OPS["standardize"].restrict(ranks=2)}
Pair = tuple[Callable[..., Any], Callable[..., Any] | None]

# Ours.


def linear(x, weight, bias=None):
    return Linear(weight, bias)(x)


def linear_vjp(x, weight, bias=None):
    y, pullback = Linear(weight, bias).vjp(x)

    def by_position(g):
        dx, gradients = pullback(g)
        return dx, *gradients.values()

    return y, by_position


def sgd(p, g, v=None, **hyper):
    """A step of one parameter."""
    before = {} if v is None else {"p": v}
    new, velocities = SGD(**hyper).step({"p": p}, {"p": g}, before)
    return new["p"], *velocities.values()


def standardizer(train, rows, *, per_feature):
    return Standardizer.fit(train, per_feature=per_feature)(rows)


def train_step(x, labels, *parameters, learning_rate):
    """The loss, and the parameters after a step, of a net with ReLU between layers."""
    layers = []
    for weight, bias in zip(parameters[::2], parameters[1::2], strict=True):
        layers += [Function(scratchnet.relu_vjp)] * bool(layers)
        layers.append(Linear(weight, bias))
    model = Sequential(tuple(layers))
    scratchnet.check_labels(labels, parameters[-1].shape[0])
    stepped = scratchnet.train_step(model, SGD(learning_rate), {}, x, labels)
    new, _, loss, _ = stepped
    return loss, *state(new).values()


def one_hot(labels, classes):
    """Ours marks no class for a label that is none, for losses that ignore it."""
    scratchnet.check_labels(labels, classes)
    marked = scratchnet.one_hot(labels, classes)
    return as_dtype(marked, array_namespace(labels).int64)


def optimizer(parameters, gradients, velocities, **hyper):
    return SGD(**hyper).step(parameters, gradients, velocities)


PAIRS = (
    *("broadcast_to", "sum", "mean", "matvec", "matmul", "tensordot", "relu"),
    *("leaky_relu", "elu", "sigmoid", "sine", "softmax", "log_softmax", "nll"),
    *("cross_entropy", "binary_cross_entropy", "mse"),
)
OURS: Mapping[str, Pair] = {
    name: (getattr(scratchnet, name), getattr(scratchnet, f"{name}_vjp"))
    for name in PAIRS
} | {
    "unbroadcast": (scratchnet.unbroadcast, None),
    "linear": (linear, linear_vjp),
    "standardize": (lambda x, mean, std: Standardizer(mean, std)(x), None),
    "standardizer": (standardizer, None),
    "sgd": (sgd, None),
    "train_step": (train_step, None),
    "loader": (Batches, None),
    "optimizer": (optimizer, None),
    "one_hot": (one_hot, None),
    "outer": (partial(scratchnet.outer, mul), None),
}

# NumPy's.


def reduced(costs, total, reduction):
    """The costs, their sum, or that divided by the total."""
    if reduction == "none":
        return costs
    return costs.sum() if reduction == "sum" else costs.sum() / total


def numpys_nll(x, labels, *, weights, ignore_index, reduction):
    """Picks each label's entry: of a class that there is."""
    if labels.shape != x.shape[:-1]:
        raise ValueError("labels do not fit")
    counts = np.full(labels.shape, True)
    if ignore_index is not None:
        counts = labels != ignore_index
    classes = np.where(counts, labels, 0)
    if ((classes < 0) | (classes >= x.shape[-1])).any():
        raise ValueError("no such class")
    weights = np.ones(x.shape[-1], x.dtype) if weights is None else weights
    share = np.where(counts, weights[classes], x.dtype.type(0))
    chosen = np.take_along_axis(x, classes[..., None], axis=-1)[..., 0]
    costs = np.where(counts, -chosen * share, x.dtype.type(0))
    return reduced(costs, share.sum(), reduction)


def numpys_matvec(a, x):
    if not x.ndim or a.ndim < 2:
        raise ValueError("no vector, or no matrix")
    return np.matmul(a, x[..., None])[..., 0]


def numpys_log_softmax(x, *, axis=-1):
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def counted(x, shape):
    """NumPy's built-in for unbroadcast: every element counted where it came from.

    In float64, whatever x is.
    """
    count = prod(shape)
    places = np.broadcast_to(np.arange(count).reshape(shape), x.shape)
    return np.bincount(places.ravel(), x.ravel(), count).reshape(shape).astype(x.dtype)


def numpys_softmax(x, *, axis=-1):
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def numpys_bce(x, t, *, reduction):
    costs = np.maximum(x, 0) - x * t + np.log1p(np.exp(-np.abs(x)))
    return reduced(costs, costs.size, reduction)


def numpys_mse(x, t, *, reduction):
    costs = (x - t) ** 2
    return reduced(costs, costs.size, reduction)


def numpys_standardizer(train, rows, *, per_feature):
    """A deviation that rounds is not always 0 of what is constant."""
    axis = 0 if per_feature else None
    mean, std = train.mean(axis=axis), train.std(axis=axis)
    constant = train.min(axis=axis) == train.max(axis=axis)
    return (rows - mean) / np.where(constant, np.ones_like(std), std)


NUMPYS: Mapping[str, Pair] = {
    name: (function, None)
    for name, function in {
        "broadcast_to": lambda x, shape: np.array(np.broadcast_to(x, shape)),
        "unbroadcast": counted,
        "sum": np.sum,
        "mean": np.mean,
        "matvec": numpys_matvec,
        "matmul": np.matmul,
        "tensordot": np.tensordot,
        "linear": lambda x, w, bias=0: np.matmul(x, w.T) + bias,
        "relu": lambda x: np.maximum(x, 0),
        "leaky_relu": lambda x, *, slope: np.where(x > 0, x, slope * x),
        "elu": lambda x, *, alpha: np.where(
            x > 0, x, alpha * np.expm1(np.minimum(x, 0))
        ),
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "sine": np.sin,
        "softmax": numpys_softmax,
        "log_softmax": numpys_log_softmax,
        "nll": numpys_nll,
        "cross_entropy": lambda x, labels, **options: numpys_nll(
            numpys_log_softmax(x), labels, **options
        ),
        "binary_cross_entropy": numpys_bce,
        "mse": numpys_mse,
        "standardize": lambda x, mean, std: (x - mean) / std,
        "standardizer": numpys_standardizer,
    }.items()
}

# PyTorch's.


def functional(name: str) -> Callable[..., Any]:
    """The function of this name in torch.nn.functional."""

    def builtin(*arguments: Any, **options: Any) -> Any:
        import torch

        return getattr(torch.nn.functional, name)(*arguments, **options)

    return builtin


def torchs(name: str, /, *options: str) -> Callable[..., Any]:
    """The function of this name in torch, which takes these options by position."""

    def builtin(*arguments: Any, **given: Any) -> Any:
        import torch

        places = [given.pop(option) for option in options]
        return getattr(torch, name)(*arguments, *places, **given)

    return builtin


def torchs_reduction(name: str) -> Callable[..., Any]:
    """PyTorch takes no axes at all for all of them; we and NumPy take them for none."""

    def builtin(x: Any, *, axis: Any, keepdims: bool) -> Any:
        import torch

        if axis == () or (x.ndim == 0 and axis is None):
            return x + 0
        return getattr(torch, name)(x, dim=axis, keepdim=keepdims)

    return builtin


def torchs_matvec(a, x):
    if not x.ndim or a.ndim < 2:
        raise ValueError("no vector, or no matrix")
    return (a @ x[..., None])[..., 0]


def summed_to_size(x, shape):
    """PyTorch's built-in for unbroadcast; without axes it is the sum of everything.

    An axis of 0 needs no sum for PyTorch where the shape has 1: it refuses that.
    """
    if x.numel():
        return x.sum_to_size(shape) if shape else x.sum()
    np.broadcast_to(np.zeros(shape), x.shape)
    return x.sum() + x.new_zeros(shape)


def torchs_loss(name: str) -> Callable[..., Any]:
    """PyTorch has classes along axis 1, and takes flat rows."""

    def builtin(x: Any, labels: Any, *, weights: Any, ignore_index: Any, **options):
        import torch

        # It takes -100 for a label to ignore where none is named.
        ignore = -(2**31) if ignore_index is None else ignore_index
        # PyTorch 2.11 looks at no dtype of labels where there are none.
        if labels.shape != x.shape[:-1] or labels.is_floating_point():
            raise ValueError("labels do not fit")
        rows = x.reshape(-1, x.shape[-1]), labels.reshape(-1)
        kept = {"weight": weights, "ignore_index": ignore}
        found = getattr(torch.nn.functional, name)(*rows, **kept, **options)
        return found.reshape(labels.shape) if options["reduction"] == "none" else found

    return builtin


def torchs_standardizer(train, rows, *, per_feature):
    import torch

    axis = 0 if per_feature else None
    std = torch.std(train, dim=axis, correction=0)
    mean = torch.mean(train, dim=axis)
    over = () if axis is None else axis
    constant = torch.amin(train, over) == torch.amax(train, over)
    return (rows - mean) / torch.where(constant, torch.ones_like(std), std)


def with_autograd(function: Callable[..., Any]) -> Pair:
    """A function of PyTorch, and autograd of it with regard to its floating arguments.

    Copied, since autograd hands a cotangent on as it is where nothing happens to it.
    """

    def vjp(*arguments: Any, **options: Any) -> tuple[Any, Callable[..., Any]]:
        import torch

        leaves = [
            x.detach().clone().requires_grad_()
            if isinstance(x, torch.Tensor) and x.is_floating_point()
            else x
            for x in arguments
        ]
        y = function(*leaves, **options)
        wanted = [x for x in leaves if getattr(x, "requires_grad", False)]

        def pullback(g: Any) -> tuple[Any, ...]:
            found = torch.autograd.grad(y, wanted, g, retain_graph=True)
            return tuple(each.clone() for each in found)

        return y.detach(), pullback

    return function, vjp


def torchs_standardize_vjp(x, mean, std):
    """The mean and the deviation are those of other rows: constants."""
    return with_autograd(lambda x: (x - mean) / std)[1](x)


PYTORCHS: Mapping[str, Pair] = {
    name: with_autograd(function)
    for name, function in {
        "broadcast_to": lambda x, shape: x.expand(shape).clone(),
        "unbroadcast": summed_to_size,
        "sum": torchs_reduction("sum"),
        "mean": torchs_reduction("mean"),
        "matvec": torchs_matvec,
        "matmul": torchs("matmul"),
        "tensordot": torchs("tensordot", "axes"),
        "linear": functional("linear"),
        "relu": functional("relu"),
        "leaky_relu": lambda x, *, slope: functional("leaky_relu")(x, slope),
        "elu": functional("elu"),
        "sigmoid": torchs("sigmoid"),
        "sine": torchs("sin"),
        "softmax": torchs("softmax", "axis"),
        "log_softmax": torchs("log_softmax", "axis"),
        "nll": torchs_loss("nll_loss"),
        "cross_entropy": torchs_loss("cross_entropy"),
        "binary_cross_entropy": functional("binary_cross_entropy_with_logits"),
        "mse": functional("mse_loss"),
    }.items()
} | {
    "standardize": (lambda x, mean, std: (x - mean) / std, torchs_standardize_vjp),
    "standardizer": (torchs_standardizer, None),
}
