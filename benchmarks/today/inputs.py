"""What plain tests draw: arrays by `hnp.arrays`, shapes and options as a user would.

Of every operation a strategy of its arguments and options. Shapes are Hypothesis' own,
with their defaults; options are drawn as well, which many tests do not do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.strategies import DrawFn, SearchStrategy

from today.numbers import Numbers

#: Positional arguments, and options by name.
Call = tuple[tuple[Any, ...], dict[str, Any]]


#: From numbers to calls.
Calls = Callable[[Numbers], SearchStrategy[Call]]


def _calls(made: Callable[..., Call]) -> Calls:
    """A function that draws a call, as a strategy of the numbers."""
    composite = st.composite(made)
    return lambda numbers: composite(numbers)


def _one_by_one(**choices: tuple[Any, ...]) -> Calls:
    """One array of any shape, and options out of so many choices."""

    def draw_call(draw: DrawFn, numbers: Numbers) -> Call:
        options = {name: draw(st.sampled_from(x)) for name, x in choices.items()}
        return (draw(numbers.arrays(hnp.array_shapes())),), options

    return _calls(draw_call)


def _axis(rank: int) -> SearchStrategy[int]:
    return st.integers(-rank, rank - 1)


@_calls
def along(draw: DrawFn, numbers: Numbers) -> Call:
    """An array, and one of its axes from either end."""
    x = draw(numbers.arrays(hnp.array_shapes()))
    return (x,), {"axis": draw(_axis(x.ndim))}


def _over(**choices: tuple[Any, ...]) -> Calls:
    """An array and what it is reduced over: an axis, several, all of them."""

    def draw_call(draw: DrawFn, numbers: Numbers) -> Call:
        x = draw(numbers.arrays(hnp.array_shapes()))
        several = hnp.valid_tuple_axes(x.ndim, min_size=1)
        axis = draw(st.none() | _axis(x.ndim) | several)
        options = {name: draw(st.sampled_from(each)) for name, each in choices.items()}
        return (x,), {"axis": axis, **options}

    return _calls(draw_call)


def _fitting(signature: str) -> Calls:
    """Arrays that broadcast and fit a gufunc signature."""

    def draw_call(draw: DrawFn, numbers: Numbers) -> Call:
        shapes = draw(hnp.mutually_broadcastable_shapes(signature=signature))
        return tuple(draw(numbers.arrays(each)) for each in shapes.input_shapes), {}

    return _calls(draw_call)


_SIDE = st.integers(1, 5)
_BATCH = hnp.array_shapes(min_dims=1, max_dims=2, max_side=5)


def _sized(*names: str) -> Calls:
    """Arrays of a fixed rank: a letter for each side, the same one the same side."""

    def draw_call(draw: DrawFn, numbers: Numbers) -> Call:
        sides = {letter: draw(_SIDE) for letter in sorted({*"".join(names)})}
        shapes = (tuple(sides[letter] for letter in name) for name in names)
        return tuple(draw(numbers.arrays(each)) for each in shapes), {}

    return _calls(draw_call)


@_calls
def tensordot(draw: DrawFn, numbers: Numbers) -> Call:
    """Two arrays, and over how many of their axes."""
    axes = draw(st.sampled_from((2, 1, 0)))
    kept = hnp.array_shapes(max_dims=2, max_side=4)
    first, last = draw(kept), draw(kept)
    inner = draw(hnp.array_shapes(min_dims=axes, max_dims=axes, max_side=4))
    shapes = ((*first, *inner), (*inner, *last))
    return tuple(draw(numbers.arrays(each)) for each in shapes), {"axes": axes}


@_calls
def linear(draw: DrawFn, numbers: Numbers) -> Call:
    """Rows, a weight and a bias, or none."""
    inner, outer = draw(_SIDE), draw(_SIDE)
    shapes = [(*draw(_BATCH), inner), (outer, inner), (outer,)]
    shapes = shapes[: draw(st.sampled_from((3, 2)))]
    return tuple(draw(numbers.arrays(each)) for each in shapes), {}


@_calls
def broadcast_to(draw: DrawFn, numbers: Numbers) -> Call:
    """An array, and a shape that it stretches to."""
    shapes = draw(hnp.mutually_broadcastable_shapes(num_shapes=2))
    return (draw(numbers.arrays(shapes.input_shapes[0])), shapes.result_shape), {}


@_calls
def unbroadcast(draw: DrawFn, numbers: Numbers) -> Call:
    """An array, and a shape that stretches to its own."""
    shapes = draw(hnp.mutually_broadcastable_shapes(num_shapes=2))
    return (draw(numbers.arrays(shapes.result_shape)), shapes.input_shapes[0]), {}


_REDUCTIONS = st.sampled_from(("mean", "none", "sum"))


@_calls
def labelled(draw: DrawFn, numbers: Numbers) -> Call:
    """Scores and labels; weights of the classes and a label to ignore, or none."""
    x = draw(numbers.arrays(hnp.array_shapes(min_dims=2)))
    classes, ignored = x.shape[-1], draw(st.sampled_from((None, -100)))
    one = st.integers(0, classes - 1)
    one = one if ignored is None else one | st.just(ignored)
    labels = draw(hnp.arrays(np.int64, x.shape[:-1], elements=one))
    width = np.finfo(numbers.dtype).bits
    share = hnp.arrays(
        numbers.dtype, classes, elements=st.floats(0.125, 2, width=width)
    )
    return (x, labels), {
        "weights": draw(st.none() | share),
        "ignore_index": ignored,
        "reduction": draw(_REDUCTIONS),
    }


def _paired(first: str, second: str, **choices: tuple[Any, ...]) -> Calls:
    """Predictions and targets of one shape, each drawn by this method of numbers."""

    def draw_call(draw: DrawFn, numbers: Numbers) -> Call:
        shape = draw(hnp.array_shapes())
        pair = (draw(getattr(numbers, each)(shape)) for each in (first, second))
        options = {name: draw(st.sampled_from(each)) for name, each in choices.items()}
        return tuple(pair), {**options, "reduction": draw(_REDUCTIONS)}

    return _calls(draw_call)


@_calls
def standardize(draw: DrawFn, numbers: Numbers) -> Call:
    """Rows, and a mean and a deviation of each feature."""
    x = draw(numbers.arrays(hnp.array_shapes(min_dims=2)))
    mean, deviation = numbers.arrays(x.shape[-1:]), numbers.positive(x.shape[-1:])
    return (x, draw(mean), draw(deviation)), {}


@_calls
def sgd(draw: DrawFn, numbers: Numbers) -> Call:
    """A parameter, its gradient and, after the first step, its velocity."""
    shape = draw(hnp.array_shapes())
    momentum, dampening = draw(st.sampled_from((0.0, 0.9))), 0.0
    nesterov = bool(momentum) and draw(st.booleans())
    if momentum and not nesterov:
        dampening = draw(st.sampled_from((0.0, 0.5)))
    count = 3 if momentum and draw(st.booleans()) else 2
    return tuple(draw(numbers.arrays(shape)) for _ in range(count)), {
        "learning_rate": draw(st.sampled_from((0.1, 0.01))),
        "momentum": momentum,
        "dampening": dampening,
        "nesterov": nesterov,
        "weight_decay": draw(st.sampled_from((0.0, 0.01))),
        "maximize": draw(st.booleans()),
    }


@_calls
def embedding(draw: DrawFn, numbers: Numbers) -> Call:
    """Indices of rows, and the table."""
    table = draw(numbers.arrays(hnp.array_shapes(min_dims=2, max_dims=2)))
    rows = st.integers(0, len(table) - 1)
    return (draw(hnp.arrays(np.int64, hnp.array_shapes(), elements=rows)), table), {}


@_calls
def one_hot(draw: DrawFn, numbers: Numbers) -> Call:
    """Labels, and how many classes there are."""
    del numbers
    classes = draw(st.integers(1, 6))
    labels = st.integers(0, classes - 1)
    return (
        draw(hnp.arrays(np.int64, hnp.array_shapes(), elements=labels)),
        classes,
    ), {}


def _normalized(rank: int | None) -> Calls:
    """Rows, and a weight and a bias of each feature. Two rows at least of a batch:
    PyTorch trains on no less."""

    def draw_call(draw: DrawFn, numbers: Numbers) -> Call:
        shapes = hnp.array_shapes(min_dims=2, max_dims=rank)
        shape = draw(shapes if rank is None else st.tuples(st.integers(2, 6), _SIDE))
        x, *scales = (numbers.arrays(s) for s in (shape, shape[-1:], shape[-1:]))
        eps = draw(st.sampled_from((1e-5, 1e-3)))
        return (draw(x), *map(draw, scales)), {"eps": eps}

    return _calls(draw_call)


_KEPT = {"keepdims": (False, True)}
_SPREAD = {"correction": (0, 1), **_KEPT}
_EACH = ("arrays", "arrays")

#: What the plain test of an operation draws.
CALLS: Mapping[str, Calls] = MappingProxyType(
    {
        "broadcast_to": broadcast_to,
        "unbroadcast": unbroadcast,
        "sum": _over(**_KEPT),
        "mean": _over(**_KEPT),
        "matvec": _fitting("(m,k),(k)->(m)"),
        "matmul": _fitting("(m?,k),(k,p?)->(m?,p?)"),
        "tensordot": tensordot,
        "linear": linear,
        "relu": _one_by_one(),
        "leaky_relu": _one_by_one(slope=(0.01, 0.2)),
        "elu": _one_by_one(alpha=(1.0, 0.5)),
        "sigmoid": _one_by_one(),
        "sine": _one_by_one(),
        "tanh": _one_by_one(),
        "softplus": _one_by_one(),
        "silu": _one_by_one(),
        "gelu": _one_by_one(approximate=("none", "tanh")),
        "softmax": along,
        "log_softmax": along,
        "logsumexp": _over(**_KEPT),
        "amax": _over(**_KEPT),
        "argmax": along,
        "cumsum": along,
        "var": _over(**_SPREAD),
        "std": _over(**_SPREAD),
        "nll": labelled,
        "cross_entropy": labelled,
        "binary_cross_entropy": _paired("arrays", "probabilities"),
        "bce_of_probabilities": _paired("probabilities", "probabilities"),
        "mse": _paired(*_EACH),
        "l1": _paired(*_EACH),
        "smooth_l1": _paired(*_EACH, beta=(1.0, 0.5)),
        "standardize": standardize,
        "sgd": sgd,
        "embedding": embedding,
        "one_hot": one_hot,
        "dot": _sized("k", "k"),
        "outer": _sized("m", "p"),
        "layer_norm": _normalized(None),
        "batch_norm": _normalized(2),
    }
)
#: Nobody writes such a test of these: they are left out on both sides.
WITHOUT: Mapping[str, str] = MappingProxyType(
    {
        "loader": "an object that is run through, not a function of arrays",
        "optimizer": "an object with a state",
        "standardizer": "a fit to some rows that is applied to others",
        "train_step": "a whole step of training, which is compared with another one",
    }
)
