"""Lookups, distances, vectors and probabilities, as people write them in NumPy: what is
correct, and mistakes, each in its ways."""

import numpy as np
from equivalence.beyond import NUMPYS, existing

from scratchnet.built_ins import reduced


def loss(costs_of):
    """A loss with a reduction, of a function to costs."""

    def of_pairs(x, t, *, reduction, **options):
        costs = costs_of(x, t, **options)
        return reduced(costs, costs.size, reduction)

    return of_pairs


def with_slope(costs_of, slope_of):
    """The loss, and its rule: minus the slope is what the target gets."""
    value = loss(costs_of)

    def vjp(x, t, *, reduction, **options):
        def pullback(g):
            share = g / x.size if reduction == "mean" else g
            d = np.asarray(share * slope_of(x, t, **options), x.dtype)
            return d, -d

        return value(x, t, reduction=reduction, **options), pullback

    return value, vjp


def limited(p, t):
    """PyTorch's formula."""
    first, rest = np.maximum(np.log(p), -100), np.maximum(np.log1p(-p), -100)
    return (t - 1) * rest - t * first


def of_limits(p, t):
    first = np.where(t == 0, t, -t * np.log(p))
    return first + np.where(t == 1, 0 * t, (t - 1) * np.log(1 - p))


def bce_vjp(p, t, *, reduction):
    def pullback(g):
        share = g / p.size if reduction == "mean" else g
        return share * (p - t) / (p * (1 - p)), share * (np.log(1 - p) - np.log(p))

    return loss(of_limits)(p, t, reduction=reduction), pullback


def by_excess(x, t, *, beta):
    d = np.abs(x - t)
    near = np.minimum(d, beta)
    return 0.5 * near * near / beta + (d - near)


def huber_over_beta(x, t, *, beta):
    d = np.abs(x - t)
    return np.where(d <= beta, 0.5 * d**2, beta * (d - 0.5 * beta)) / beta


def of_ratio(x, t, *, beta):
    r = np.abs(x - t) / beta
    return beta * np.where(r < 1, 0.5 * r**2, r - 0.5)


def by_sign(x, t, *, beta):
    return np.where(np.abs(x - t) < beta, (x - t) / beta, np.sign(x - t))


def looked_up(pulled):
    """An embedding, and its rule by a function that scatters the cotangents."""

    def embedding(indices, weight):
        return weight[existing(indices, len(weight))].copy()

    def vjp(indices, weight):
        def pullback(g):
            new = np.zeros_like(weight)
            return (pulled(new, indices.reshape(-1), g.reshape(-1, weight.shape[1])),)

        return embedding(indices, weight), pullback

    return embedding, vjp


def added_at(new, indices, g):
    np.add.at(new, indices, g)
    return new


def one_by_one(new, indices, g):
    for i, row in zip(indices, g, strict=True):
        new[i] += row
    return new


def by_product(new, indices, g):
    return np.eye(len(new), dtype=new.dtype)[indices].T @ g


def put(labels, classes):
    found = np.zeros((labels.size, classes), np.int32)
    found[np.arange(labels.size), existing(labels, classes).reshape(-1)] = 1
    return found.reshape(*labels.shape, classes)


def compared(labels, classes):
    hot = existing(labels, classes)[..., None] == np.arange(classes)
    return hot.astype(np.float32)


def alike(a, b):
    if a.shape != b.shape:
        raise ValueError("vectors of other lengths")
    return a, b


def running(a, b):
    total = a.dtype.type(0)
    for x, y in zip(*alike(a, b), strict=True):
        total = total + x * y
    return total


def vectors(function, pulled):
    def vjp(a, b):
        return function(a, b), lambda g: pulled(g, a, b)

    return function, vjp


CORRECT = {
    "bce_of_probabilities": {
        "limits": (loss(of_limits), bce_vjp),
        "limited": (loss(limited), None),
    },
    "l1": {
        "abs": with_slope(lambda x, t: np.abs(x - t), lambda x, t: np.sign(x - t)),
        "larger": with_slope(
            lambda x, t: np.maximum(x - t, t - x), lambda x, t: np.where(x > t, 1, -1)
        ),
        "where": with_slope(
            lambda x, t: np.where(x < t, t - x, x - t),
            lambda x, t: np.where(x >= t, 1, -1),
        ),
    },
    "smooth_l1": {
        "excess": with_slope(
            by_excess, lambda x, t, *, beta: np.clip(x - t, -beta, beta) / beta
        ),
        "Huber": with_slope(huber_over_beta, by_sign),
        "ratio": with_slope(
            of_ratio, lambda x, t, *, beta: np.clip((x - t) / beta, -1, 1)
        ),
    },
    "embedding": {
        each.__name__: looked_up(each) for each in (added_at, one_by_one, by_product)
    },
    "one_hot": {"put": (put, None), "compared": (compared, None)},
    "dot": {
        "running": vectors(running, lambda g, a, b: (g * b, g * a)),
        "sum": (lambda a, b: np.multiply(*alike(a, b)).sum(), None),
        "@": (lambda a, b: a @ b, None),
    },
    "outer": {
        "product": vectors(lambda a, b: a[:, None] * b, lambda g, a, b: (g @ b, a @ g)),
        "sum": vectors(
            np.multiply.outer, lambda g, a, b: ((g * b).sum(1), (g.T * a).sum(1))
        ),
    },
}


def off(name, **options):
    """NumPy's function of this name with other options."""
    return lambda *arguments, **given: NUMPYS[name][0](*arguments, **given | options)


def clipped(p, t):
    return of_limits(np.clip(p, 1e-7, 1 - 1e-7), t)


def as_written(p, t):
    return -(t * np.log(p) + (1 - t) * np.log(1 - p))


def over_rows(x, t, *, reduction):
    costs = np.abs(x - t)
    return reduced(costs, max(len(x) if x.ndim else 1, 1), reduction)


def overwritten(new, indices, g):
    new[indices] = g
    return new


def fancy(new, indices, g):
    new[indices] += g
    return new


MISTAKES = {
    "bce_of_probabilities": {
        "clipped": (loss(clipped), "INACCURATE"),
        "as written": (loss(as_written), "INACCURATE"),
        "of more than there is": (
            loss(lambda p, t: -(t * np.log(p + 1e-7) + (1 - t) * np.log1p(1e-7 - p))),
            "WRONG",
        ),
        "swapped": (loss(lambda p, t: of_limits(t, p)), "WRONG"),
        "of hits alone": (loss(lambda p, t: np.where(t, -t * np.log(p), t)), "WRONG"),
    },
    "l1": {
        "over rows": (over_rows, "WRONG"),
        "without abs": (loss(lambda x, t: x - t), "WRONG"),
        "squared": (loss(lambda x, t: (x - t) ** 2), "WRONG"),
    },
    "smooth_l1": {
        "beta of 1": (off("smooth_l1", beta=1.0), "WRONG"),
        "Huber": (
            loss(lambda x, t, *, beta: beta * by_excess(x, t, beta=beta)),
            "WRONG",
        ),
        "a half off": (
            loss(
                lambda x, t, *, beta: np.where(
                    abs(x - t) < beta, 0.5 * (x - t) ** 2 / beta, abs(x - t) - 0.5
                )
            ),
            "WRONG",
        ),
    },
    "embedding": {
        "wraps": (lambda i, weight: weight[i], "ACCEPTS"),
        "limits": (
            lambda i, weight: weight[np.clip(i, 0, len(weight) - 1)],
            "ACCEPTS",
        ),
        "one off": (lambda i, weight: weight[existing(i, len(weight)) - 1], "WRONG"),
        "flat": (
            lambda i, weight: weight[existing(i, len(weight)).ravel()],
            "MISPLACED",
        ),
    },
    "one_hot": {
        "wraps": (lambda labels, n: np.eye(n)[labels], "ACCEPTS"),
        "one off": (lambda labels, n: put((labels + 1) % n, n), "WRONG"),
        "the largest label": (
            lambda labels, n: put(existing(labels, n), labels.max(initial=0) + 1),
            "MISPLACED",
        ),
        "a mask": (lambda labels, n: put(labels, n) > 0, "MISPLACED"),
    },
    "dot": {
        "stretches": (lambda a, b: (a * b).sum(), "ACCEPTS"),
        "cuts": (
            lambda a, b: sum(x * y for x, y in zip(a, b, strict=False)),
            "ACCEPTS",
        ),
        "mean": (lambda a, b: np.multiply(*alike(a, b)).mean(), "WRONG"),
    },
    "outer": {"swapped": (lambda a, b: np.outer(b, a), "WRONG")},
}


SLOPES = {
    "embedding, overwritten": ("embedding", looked_up(overwritten)),
    "embedding, one of each": ("embedding", looked_up(fancy)),
    "l1, without sign": (
        "l1",
        with_slope(lambda x, t: np.abs(x - t), lambda x, t: np.ones_like(x - t)),
    ),
    "l1, beyond 1 at 0": (
        "l1",
        with_slope(
            lambda x, t: np.abs(x - t), lambda x, t: np.where(x == t, 2, np.sign(x - t))
        ),
    ),
    "smooth_l1, without beta": (
        "smooth_l1",
        with_slope(by_excess, lambda x, t, *, beta: np.clip(x - t, -beta, beta)),
    ),
    "dot, swapped": (
        "dot",
        vectors(lambda a, b: a @ b, lambda g, a, b: (g * a, g * b)),
    ),
    "outer, transposed": (
        "outer",
        vectors(np.outer, lambda g, a, b: (g.T @ a, g @ b)),
    ),
}
