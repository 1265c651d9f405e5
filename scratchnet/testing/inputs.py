"""What operations are called with: arguments and options made of drawn arrays, and
calls that must raise."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.arrays import Array
from scratchnet.testing.case import Case, Coder
from scratchnet.testing.op import Arrays, Options
from scratchnet.testing.strategies.label import classes_of
from scratchnet.testing.strategies.training import fitted, hyper_parameters_of

Call = tuple[Arrays, Options]


# Losses of labels.


def labelled(values: Arrays, options: Options, coder: Coder) -> Call:
    """Labels for the scores: classes, of which some are ignored, and weights."""
    (x,) = values
    codes = coder("labels", x.shape[:-1])
    labels = classes_of(codes, x.shape[-1])
    labels = np.where(codes[..., 1] % 2, _of_a_number(x, labels), labels)
    if options["ignore_index"] is not None:
        ignored = codes[..., 0] >= 192
        labels = np.where(ignored, options["ignore_index"], labels)
        x = _with_odd_rows(x, ignored)
    if options["weights"] is not None:
        shares = coder("weights", x.shape[-1:])[..., -1]
        options = {**options, "weights": (shares % 5 / 2).astype(x.dtype)}
    return (x, np.asarray(labels, np.int64)), options


def _of_a_number(x: Array, labels: Array) -> Array:
    """The labels, each moved on to a class whose score is finite, where there is one:
    so that what stands beside it shows."""
    classes = x.shape[-1]
    onwards = (labels[..., None] + np.arange(classes)) % classes
    finite = np.take_along_axis(np.isfinite(x), onwards, axis=-1)
    return (labels + np.argmax(finite, axis=-1)) % classes


def _with_odd_rows(x: Array, ignored: Array) -> Array:
    """The scores; where one of them is not finite, all of ignored rows are like it."""
    odd = x[~np.isfinite(x)][:1]
    return np.where(ignored[..., None], odd, x) if odd.size else x


def ignorable(x: Any, /) -> tuple[int | None, ...]:
    """No label to ignore; one that is no class; one that is; one just beyond."""
    return (None, -100, x.shape[-1] - 1, x.shape[-1])


def wrong_labels(case: Case) -> list[Call]:
    """Labels beyond the classes and below, one that often means none, labels of another
    shape, and of another kind."""
    x, labels = case.arguments
    classes, ignored = x.shape[-1], case.options["ignore_index"]
    wrong = [labels[..., None], labels.astype(x.dtype)]
    if labels.size:
        wrong += [
            np.full_like(labels, label)
            for label in (classes, -1, classes + 1, -100)
            if label != ignored
        ]
    return [((x, each), dict(case.options)) for each in wrong]


# Losses of pairs, and what else takes arrays of one shape.


def same_shape(values: Arrays, options: Options, coder: Coder) -> Call:
    """All of one shape: a loss does not broadcast its predictions."""
    del coder
    wide = np.broadcast_arrays(*values)
    return tuple(np.array(x, order="C") for x in wide), options


def is_unreduced(case: Case) -> bool:
    """Whether each element has a cost of its own."""
    return bool(case.options["reduction"] == "none")


def unequal(case: Case) -> list[Call]:
    """First and second of sides that do not broadcast."""
    x, *others = case.arguments
    pair = (np.ones((side, *x.shape), x.dtype) for side in (2, 3))
    return [((*pair, *others[1:]), dict(case.options))]


def divided(values: Arrays, options: Options, coder: Coder) -> Call:
    """The last of the arrays is a deviation: positive."""
    del coder
    *others, deviation = values
    size = np.abs(deviation)
    return (*others, np.where(size == 0, np.ones_like(size), size)), options


def targeted(values: Arrays, options: Options, coder: Coder) -> Call:
    """Logits, and targets that are certain in half of the calls."""
    (x, t), _ = same_shape(values, {}, coder)
    return (x, _certain(t, coder)), options


def bordered(values: Arrays, options: Options, coder: Coder) -> Call:
    """Training rows and others. In a quarter of the calls the first feature is constant
    in training, as the border of pictures is; all are, where they are counted together.
    In another quarter all numbers are small: that a spread is does not make it none.
    """
    train, rows = values
    which = coder("border", (1,))[0, -1] % 4
    if which == 2:
        train, rows = (np.ldexp(x, np.finfo(x.dtype).negep // 2) for x in values)
    if which == 3:
        same = train if not options["per_feature"] else train[:, :1]
        same = np.full_like(same, train[0, 0])
        train = np.concatenate([same, train[:, same.shape[1] :]], axis=1)
    return (train, rows), options


def probable(values: Arrays, options: Options, coder: Coder) -> Call:
    """Probabilities, and targets that are certain in half of the calls."""
    wide, _ = same_shape(values, {}, coder)
    p, t = map(_between, wide)
    return (p, _certain(t, coder)), options


def _certain(t: Array, coder: Coder) -> Array:
    """In half of the calls 0 and 1, where the target is more than a half."""
    if coder("targets", (1,))[0, -1] % 2:
        return np.asarray(t > 0.5, t.dtype)
    return t


def _between(x: Any) -> Any:
    """Numbers from 0 to 1: of what is larger its reciprocal, of what is negative the
    rest to 1, which is 1 of an infinity alone; 0.5 of NaN."""
    size = np.abs(x)
    size = np.where(np.isnan(x), 0.5, np.where(size > 1, 1 / size, size))
    # Of float32 no more bits than bfloat16 has, which it may be carrying.
    least = 2.0**-8 if x.dtype == np.float32 else np.finfo(x.dtype).epsneg
    kept = np.where(size > 0, np.maximum(size, least), size)
    return np.asarray(np.where(x < 0, 1 - kept, size), x.dtype)


# Broadcasting.


def to_common_shape(values: Arrays, options: Options, coder: Coder) -> Call:
    """An array, and the shape that it has together with another."""
    del coder
    x, other = values
    return (x, np.broadcast_shapes(x.shape, other.shape)), options


def from_common_shape(values: Arrays, options: Options, coder: Coder) -> Call:
    """An array of the common shape, and the shape of one that it was stretched from."""
    del coder
    x, other = values
    wide = np.array(np.broadcast_arrays(x, other)[1], order="C")
    return (wide, x.shape), options


def no_stretch(case: Case) -> list[Call]:
    """A last side that is another, where it is not 1, or one dimension too few."""
    x, _ = case.arguments
    if not x.ndim:
        return []
    other = [(*x.shape[:-1], x.shape[-1] + 2)] if x.shape[-1] != 1 else []
    return [((x, shape), {}) for shape in (*other, x.shape[1:])]


def no_origin(case: Case) -> list[Call]:
    """Shapes of more dimensions, and with a last side of another size."""
    g, shape = case.arguments
    wrong = [(*shape[:-1], g.shape[-1] + 2)] if shape else []
    return [((g, each), {}) for each in (*wrong, (2, *g.shape))]


# Products.


def other_length(case: Case) -> list[Call]:
    """A second vector that is longer by one."""
    a, _ = case.arguments
    return [((a, np.ones(len(a) + 1, a.dtype)), dict(case.options))]


def contractible(values: Arrays, options: Options, coder: Coder) -> Call:
    """The last sides of one array are the first of the other: so many, whatever the
    number of dimensions is."""
    a, b = values
    m, p, axes = a.shape[0], b.shape[-1], options["axes"]
    deep = coder("depth", (1,))[0, -1] % 2
    if axes == 1 and deep:
        # Two at most of what stays beside: the result has four dimensions.
        a, b = np.array(a[:, :2]), np.array(np.swapaxes(b, 0, 1)[:, :2], order="C")
    elif axes == 1:
        inner = a.shape[1] * a.shape[2]
        a, b = a.reshape(m, inner), b.reshape(inner, p)
    if axes == 0 and deep:
        a, b = np.array(a[:2, :2, :1]), np.array(b[:1, :2, :2])
    elif axes == 0:
        a, b = a.reshape(-1)[:3], b.reshape(-1)[:3]
    return (a, b), options


def unbiased(values: Arrays, options: Options, coder: Coder) -> Call:
    """The bias, which is last, is left out of a quarter of the calls."""
    absent = coder("bias", (1,))[0, -1] % 4 == 3
    return (values[:-1] if absent else values), options


def other_features(case: Case) -> list[Call]:
    """Rows of one feature more than there are weights for."""
    x, *others = case.arguments
    wide = np.ones((*x.shape[:-1], x.shape[-1] + 1), x.dtype)
    return [((wide, *others), dict(case.options))]


def other_weights(case: Case) -> list[Call]:
    """Rows of three features, and weights of two: neither stretches."""
    x, *others = case.arguments
    wide = np.ones((*x.shape[:-1], 3), x.dtype)
    two = (np.ones(2, each.dtype) for each in others)
    return [((wide, *two), dict(case.options))]


# Steps.


def stepped(values: Arrays, options: Options, coder: Coder) -> Call:
    """A parameter, its gradient and, after the first step, its velocity; with
    hyper-parameters, half of which are powers of two."""
    drawn = coder("hyper-parameters", (2,)).reshape(-1).tobytes()
    hyper = _hyper(drawn, options, exact=bool(drawn[5] & 1))
    (p, g, v), _ = same_shape(values, {}, coder)
    if not hyper["momentum"] or drawn[5] & 2:
        return (p, g), hyper
    # A velocity of 0 is one as well.
    return (p, g, np.zeros_like(v) if drawn[5] & 4 else v), hyper


def _hyper(drawn: bytes, options: Options, *, exact: bool) -> Options:
    """Hyper-parameters, of which those are drawn that are not given."""
    given = {name: x for name, x in options.items() if x != "drawn"}
    return fitted(hyper_parameters_of(drawn[:5], exact=exact), given)


def trained(values: Arrays, options: Options, coder: Coder) -> Call:
    """A batch, its labels, and the parameters of one layer, or of two.

    In half of the calls the biases are 0, as layers begin, and then in half of them a
    row, as padding is: so that hidden sums are exactly 0.
    """
    x, first, second = values
    started, padded = coder("started", (1,))[0, :2] % 2
    if started and padded:
        x = np.concatenate([np.zeros_like(x[:1]), x[1:]])
    n, hidden, classes = x.shape[0], first.shape[0], second.shape[0]
    deep = coder("depth", (1,))[0, -1] % 2
    biases = (
        ((1 - started) * (coder("bias", (side,))[..., -1] % 9 - 4.0)).astype(x.dtype)
        for side in (hidden, classes)
    )
    layers = (first, next(biases), second, next(biases))
    count = classes if deep else hidden
    labels = classes_of(coder("labels", (n,)), count)
    return (x, labels, *layers[: 4 if deep else 2]), options


# What has laws of its own.


def loaded(values: Arrays, options: Options, coder: Coder) -> Call:
    """Rows, and for each its number as the label, so that it is known again."""
    (x,) = values
    n = x.shape[0]
    size = 1 + coder("batch size", (1,))[0, -1] % (n + 1)
    if options["drop_last"]:
        size = min(size, n)
    numbers = np.arange(n, dtype=np.int64)
    return (x, numbers), {**options, "batch_size": int(size)}


def optimized(values: Arrays, options: Options, coder: Coder) -> Call:
    """Two parameters of one shape, and gradients of both for three steps."""
    drawn = coder("hyper-parameters", (2,)).reshape(-1).tobytes()
    return same_shape(values, _hyper(drawn, options, exact=False), coder)


def as_a_step(arguments: Arrays) -> Arrays:
    """Parameters and gradients by name, and the state before the first step."""
    first, second, *gradients = arguments
    names = "first", "second"
    return (
        dict(zip(names, (first, second), strict=True)),
        dict(zip(names, gradients[:2], strict=True)),
        {},
    )
