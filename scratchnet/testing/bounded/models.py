"""Built-in functions that are algorithms of their own, in plain array code.

What PyTorch computes in one call is modelled by the formulas that it, or another
release or device, computes it by: where there are several, the bound is the largest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from scratchnet.errors import ArgumentError
from scratchnet.testing.bounded import (
    extremes,
    functions,
    products,
    reductions,
    selection,
)
from scratchnet.testing.bounded.accepting import accepted
from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.given import UnboundedError
from scratchnet.testing.bounded.operands import lifted, real
from scratchnet.testing.bounded.shaping import moved

Function = Callable[..., Any]


def softmax(x: Bounded, axis: int, /) -> Bounded:
    """exp(s) / sum(exp(s)) with s = x - max(x), or times the rounded 1 / sum."""
    powers = functions.exp(x - _largest(x, axis))
    total = reductions.sum_of(powers, axis=axis, keepdims=True)
    return accepted(powers / total, powers * (1.0 / total))


def log_softmax(x: Bounded, axis: int, /) -> Bounded:
    """s - log(sum(exp(s))) with s = x - max(x), or x - (max(x) + log(...))."""
    largest = _largest(x, axis)
    shifted = x - largest
    lost = functions.log(
        reductions.sum_of(functions.exp(shifted), axis=axis, keepdims=True)
    )
    return accepted(shifted - lost, x - (largest + lost))


def logsumexp(x: Bounded, axis: Any, keepdims: bool = False, /) -> Bounded:
    """max(x) + log(sum(exp(x - max(x))))."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    largest = _largest(x, axis)
    # Of a slice of infinities alone PyTorch subtracts nothing: the result is infinite.
    shift = selection.where(selection.predicate(np.isinf, largest), 0.0, largest)
    powers = functions.exp(x - shift)
    total = reductions.sum_of(powers, axis=axis, keepdims=True)
    result = shift + functions.log(total)
    if keepdims:
        return result
    sides = reductions.normalized(axis, x.ndim)
    return moved(result, lambda part: part.squeeze(sides))


def _largest(x: Bounded, axis: Any) -> Bounded:
    return extremes.maximum_over(x, axis=axis, keepdims=True)


def linear(x: Bounded, weight: Any, bias: Any = None, /) -> Bounded:
    """x weight^T + bias, the bias added first or last."""
    return products.linear(x, weight, bias)


def addmm(bias: Any, x: Any, y: Any, /) -> Bounded:
    """bias + x y, in one accumulator."""
    like = next(each for each in (bias, x, y) if isinstance(each, Bounded))
    return products.linear(lifted(x, like), lifted(y, like).mT, bias)


def relu(x: Bounded, /) -> Bounded:
    """max(x, 0)."""
    return selection.maximum(x, 0.0)


def leaky_relu(x: Bounded, negative_slope: float = 0.01, /) -> Bounded:
    """x where it is positive, else a small share of it."""
    return selection.where(x > 0, x, x * negative_slope)


def elu(x: Bounded, alpha: float = 1.0, /) -> Bounded:
    """x where it is positive, else alpha (exp(x) - 1)."""
    return selection.where(x > 0, x, functions.expm1(x) * alpha)


def softplus(x: Bounded, beta: float = 1.0, threshold: float = 20.0, /) -> Bounded:
    """log(1 + exp(beta x)) / beta; above the threshold PyTorch says x."""
    scaled = x * beta
    soft = functions.log1p(functions.exp(scaled)) / beta
    return selection.where(scaled > threshold, x, soft)


def silu(x: Bounded, /) -> Bounded:
    """x sigmoid(x), or x / (1 + exp(-x))."""
    return accepted(x * functions.sigmoid(x), x / (1.0 + functions.exp(-x)))


def log_sigmoid(x: Bounded, /) -> Bounded:
    """min(x, 0) - log1p(exp(-abs(x)))."""
    return selection.minimum(x, 0.0) - functions.log1p(functions.exp(-abs(x)))


def nll_loss(x: Bounded, labels: Any, /, *, reduction: str = "mean") -> Bounded:
    """-x[i, labels[i]], averaged or added up or neither."""
    place = _labels(labels, x)
    picked = moved(
        x, lambda part: np.take_along_axis(part, place[..., None], -1)[..., 0]
    )
    return _reduced(-picked, reduction)


def cross_entropy(x: Bounded, labels: Any, /, *, reduction: str = "mean") -> Bounded:
    """nll_loss of log_softmax(x)."""
    return nll_loss(log_softmax(x, -1), labels, reduction=reduction)


def _labels(labels: Any, x: Bounded) -> Any:
    given = lifted(labels, x)
    if given.is_real or not given.is_exact or x.ndim != 2:
        raise UnboundedError(
            "nll_loss",
            f"labels of dtype {given.dtype} for logits of rank {x.ndim}",
            "required exact integers, one for each row of logits",
            "for targets that are probabilities write -sum(t * log_softmax(x))",
        )
    inside = (given.value >= 0) & (given.value < x.shape[-1])
    if given.shape != x.shape[:1] or not inside.all():
        raise ArgumentError(
            "nll_loss",
            f"labels of shape {given.shape} for {x.shape[0]} rows",
            f"required one from 0 to {x.shape[-1] - 1} for each",
        )
    return given.value


def mse_loss(x: Any, target: Any, /, *, reduction: str = "mean") -> Bounded:
    """(x - target)^2."""
    apart = x - target
    return _reduced(apart * apart, reduction)


def binary_cross_entropy_with_logits(
    x: Bounded, target: Any, /, *, reduction: str = "mean"
) -> Bounded:
    """(1 - t) x - log_sigmoid(x), or max(x, 0) - x t + log1p(exp(-abs(x)))."""
    t = lifted(target, x)
    soft = functions.log1p(functions.exp(-abs(x)))
    costs = accepted(
        (1.0 - t) * x - log_sigmoid(x),
        selection.maximum(x, 0.0) - x * t + soft,
        (1.0 - t) * x + selection.maximum(-x, 0.0) + soft,
    )
    return _reduced(costs, reduction)


def _reduced(costs: Bounded, reduction: str) -> Bounded:
    if reduction == "none":
        return costs
    if reduction not in ("mean", "sum"):
        raise ArgumentError(
            "loss", f"reduction={reduction!r}", "required mean, sum or none"
        )
    return reductions.mean(costs) if reduction == "mean" else reductions.sum_of(costs)


def one_hot(labels: Bounded, classes: int, /) -> Bounded:
    """1 where the class is the label, else 0: integers."""
    if classes < 0:
        raise ArgumentError("one_hot", "no number of classes", "required one")
    value = labels.value[..., None] == np.arange(classes)
    return Bounded(value.astype(np.int64), labels.contract, labels.error[..., None])


#: Options of PyTorch's functions at which the models hold; others are refused.
DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "_stacklevel": 3,
        "dtype": None,
        "ignore_index": -100,
        "inplace": False,
        "label_smoothing": 0.0,
        "pos_weight": None,
        "reduce": None,
        "size_average": None,
        "weight": None,
    }
)
#: What their remaining options are called in the order of the model's arguments.
_ORDER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "elu": ("alpha",),
        "leaky_relu": ("negative_slope",),
        "log_softmax": ("dim",),
        "logsumexp": ("dim", "keepdim"),
        "softmax": ("dim",),
        "softplus": ("beta", "threshold"),
        "one_hot": ("num_classes",),
    }
)


def modelled(name: str, function: Function, /) -> Function:
    """The model under the options of PyTorch's function, of operands as numbers."""

    def model(*args: Any, **options: Any) -> Any:
        for key in options.keys() & DEFAULTS.keys():
            given = options.pop(key)
            if given is not None and given is not False and given != DEFAULTS[key]:
                raise UnboundedError(
                    name,
                    f"{key}= has no derived bound",
                    "required its default",
                    "write the formula in array code",
                )
        first = args[0] if args else options.pop("input")
        more = [options.pop(key) for key in _ORDER.get(name, ()) if key in options]
        with np.errstate(all="ignore"):
            x = (
                real(first)
                if isinstance(first, Bounded) and name != "one_hot"
                else first
            )
            return function(x, *args[1:], *more, **options)

    return model


MODELS: Mapping[str, Function] = MappingProxyType(
    {
        each.__name__: modelled(each.__name__, each)
        for each in (
            *(addmm, binary_cross_entropy_with_logits, cross_entropy, elu),
            *(leaky_relu, linear, log_sigmoid, log_softmax, logsumexp, mse_loss),
            *(nll_loss, one_hot, relu, silu, softmax, softplus),
        )
    }
)
