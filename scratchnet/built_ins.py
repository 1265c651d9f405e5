"""The built-ins of NumPy and PyTorch: for each operation theirs, by its name.

What our pipeline is shown beside. NumPy's are its functions, or formulas of them;
PyTorch's are its functions and autograd. Each is a pair: the function, and its VJP rule
or None. Importing this does not import PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np

from scratchnet.selfcheck import Pair
from scratchnet.testing.tracing import Traced

_Function = Callable[..., Any]

# NumPy's.


def reduced(costs: Any, total: Any, reduction: Any) -> Any:
    """The costs, their sum, or that divided by the total."""
    if reduction == "none":
        return costs
    return costs.sum() if reduction == "sum" else costs.sum() / total


def _numpys_nll(
    x: Any, labels: Any, *, weights: Any, ignore_index: Any, reduction: Any
) -> Any:
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


def _numpys_matvec(a: Any, x: Any) -> Any:
    if not x.ndim or a.ndim < 2:
        raise ValueError("no vector, or no matrix")
    return np.matmul(a, x[..., None])[..., 0]


def _numpys_log_softmax(x: Any, *, axis: Any = -1) -> Any:
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _counted(x: Any, shape: Any) -> Any:
    """NumPy's built-in for unbroadcast: every element _counted where it came from.

    In float64, whatever x is.
    """
    count = prod(shape)
    places = np.broadcast_to(np.arange(count).reshape(shape), x.shape)
    return np.bincount(places.ravel(), x.ravel(), count).reshape(shape).astype(x.dtype)


def _numpys_softmax(x: Any, *, axis: Any = -1) -> Any:
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _numpys_bce(x: Any, t: Any, *, reduction: Any) -> Any:
    costs = np.maximum(x, 0) - x * t + np.log1p(np.exp(-np.abs(x)))
    return reduced(costs, costs.size, reduction)


def _numpys_mse(x: Any, t: Any, *, reduction: Any) -> Any:
    costs = (x - t) ** 2
    return reduced(costs, costs.size, reduction)


def _numpys_standardizer(train: Any, rows: Any, *, per_feature: Any) -> Any:
    """A deviation that rounds is not always 0 of what is constant."""
    axis = 0 if per_feature else None
    mean, std = train.mean(axis=axis), train.std(axis=axis)
    constant = train.min(axis=axis) == train.max(axis=axis)
    return (rows - mean) / np.where(constant, np.ones_like(std), std)


_NUMPYS: dict[str, _Function] = {
    "broadcast_to": lambda x, shape: np.array(np.broadcast_to(x, shape)),
    "unbroadcast": _counted,
    "sum": np.sum,
    "mean": np.mean,
    "matvec": _numpys_matvec,
    "matmul": np.matmul,
    "tensordot": np.tensordot,
    "linear": lambda x, w, bias=0: np.matmul(x, w.T) + bias,
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x, *, slope: np.where(x > 0, x, slope * x),
    "elu": lambda x, *, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "sine": np.sin,
    "softmax": _numpys_softmax,
    "log_softmax": _numpys_log_softmax,
    "nll": _numpys_nll,
    "cross_entropy": lambda x, labels, **options: _numpys_nll(
        _numpys_log_softmax(x), labels, **options
    ),
    "binary_cross_entropy": _numpys_bce,
    "mse": _numpys_mse,
    "standardize": lambda x, mean, std: (x - mean) / std,
    "standardizer": _numpys_standardizer,
}
NUMPYS: Mapping[str, Pair] = {name: (f, None) for name, f in _NUMPYS.items()}

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


def _torchs_reduction(name: str) -> Callable[..., Any]:
    """PyTorch takes no axes at all for all of them; we and NumPy take them for none."""

    def builtin(x: Any, *, axis: Any, keepdims: bool) -> Any:
        import torch

        if axis == () or (x.ndim == 0 and axis is None):
            return x + 0
        return getattr(torch, name)(x, dim=axis, keepdim=keepdims)

    return builtin


def _torchs_matvec(a: Any, x: Any) -> Any:
    if not x.ndim or a.ndim < 2:
        raise ValueError("no vector, or no matrix")
    return (a @ x[..., None])[..., 0]


def _summed_to_size(x: Any, shape: Any) -> Any:
    """PyTorch's built-in for unbroadcast; without axes it is the sum of everything.

    An axis of 0 needs no sum for PyTorch where the shape has 1: it refuses that.
    """
    if x.numel():
        return x.sum_to_size(shape) if shape else x.sum()
    np.broadcast_to(np.zeros(shape), x.shape)
    return x.sum() + x.new_zeros(shape)


def _torchs_loss(name: str) -> Callable[..., Any]:
    """PyTorch has classes along axis 1, and takes flat rows."""

    def builtin(
        x: Any, labels: Any, *, weights: Any, ignore_index: Any, **options: Any
    ) -> Any:
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


def _torchs_standardizer(train: Any, rows: Any, *, per_feature: Any) -> Any:
    import torch

    axis = 0 if per_feature else None
    std = torch.std(train, dim=axis, correction=0)
    mean = torch.mean(train, dim=axis)
    over = () if axis is None else axis
    constant = torch.amin(train, over) == torch.amax(train, over)
    return (rows - mean) / torch.where(constant, torch.ones_like(std), std)


def with_autograd(function: _Function) -> tuple[_Function, _Function]:
    """A function of PyTorch, and autograd with regard to its floating arguments."""
    return function, Traced(function)


def _torchs_standardize_vjp(x: Any, mean: Any, std: Any) -> Any:
    """The mean and the deviation are those of other rows: constants."""
    return with_autograd(lambda x: (x - mean) / std)[1](x)


_PYTORCHS: dict[str, _Function] = {
    "broadcast_to": lambda x, shape: x.expand(shape).clone(),
    "unbroadcast": _summed_to_size,
    "sum": _torchs_reduction("sum"),
    "mean": _torchs_reduction("mean"),
    "matvec": _torchs_matvec,
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
    "nll": _torchs_loss("nll_loss"),
    "cross_entropy": _torchs_loss("cross_entropy"),
    "binary_cross_entropy": functional("binary_cross_entropy_with_logits"),
    "mse": functional("mse_loss"),
}
PYTORCHS: Mapping[str, Pair] = {
    name: with_autograd(f) for name, f in _PYTORCHS.items()
} | {
    "standardize": (lambda x, mean, std: (x - mean) / std, _torchs_standardize_vjp),
    "standardizer": (_torchs_standardizer, None),
}
