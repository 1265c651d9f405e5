"""Functions, standardizers and VJP rules with one fault each."""

from itertools import count

import numpy as np
from equivalence.subjects import numpys_nll

# Functions that are right, each in its own way, but for what is passed to them.


def log_softmax(x, *, axis=-1):
    shifted = x - x.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def relu(x):
    return np.maximum(x, x.dtype.type(0))


def passed_on(g, x):
    """The cotangent, where ReLU passes its argument on: NaN, too."""
    return np.where(x <= 0, g.dtype.type(0), g)


def pulled_back_by(pullback):
    """The VJP rule of ReLU with a pullback of (g, x)."""
    return lambda x: (relu(x), lambda g: (pullback(g, x),))


# Functions with one fault each.


def softmax_of_everything(x, *, axis=-1):
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum()


def softmax_shifted_by_the_largest_of_all(x, *, axis=-1):
    """0 / 0 in rows that are far below."""
    powers = np.exp(x - (x.max() if x.size else 0))
    return powers / powers.sum(axis=axis, keepdims=True)


def standardizer_that_adds_to_the_deviation(train, rows, *, per_feature):
    axis = 0 if per_feature else None
    std = train.std(axis=axis)
    constant = train.min(axis=axis) == train.max(axis=axis)
    return (rows - train.mean(axis=axis)) / np.where(constant, 1, std + 1e-8)


def standardizer(train, rows, *, per_feature, mean=lambda mean, train: mean):  # noqa: ARG005
    """A right one, but for what becomes of the mean."""
    axis = 0 if per_feature else None
    std = train.std(axis=axis)
    constant = train.min(axis=axis) == train.max(axis=axis)
    return (rows - mean(train.mean(axis=axis), train)) / np.where(constant, 1, std)


def standardizer_whose_mean_is_a_pixel(train, rows, *, per_feature):
    """Bytes less a byte wrap around."""
    return standardizer(
        train, rows, per_feature=per_feature, mean=lambda x, like: x.astype(like.dtype)
    )


def standardizer_in_the_dtype_of_its_rows(train, rows, *, per_feature):
    return standardizer(train, rows, per_feature=per_feature).astype(rows.dtype)


def standardizer_that_cuts(kind):
    """Cuts its results to whole numbers where the rows are of this kind alone."""

    def cutting(train, rows, *, per_feature):
        found = standardizer(train, rows, per_feature=per_feature)
        return found.astype(rows.dtype) if rows.dtype.kind == kind else found

    return cutting


def elu_that_cancels(x, *, alpha=1.0):
    return np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1))


def matmul_without_the_last_term(a, b):
    return np.matmul(a[..., :-1], b[..., :-1, :] if b.ndim > 1 else b[:-1])


def matmul_aligned_from_the_left(a, b):
    loops = max(a.ndim, b.ndim)
    a, b = (
        x.reshape(*x.shape[:-2], *(1,) * (loops - x.ndim), *x.shape[-2:])
        for x in (a, b)
    )
    return np.matmul(a, b)


def matmul_right_in_front(a, b):
    """All but the first product of a stack are twice as large."""
    found = np.matmul(a, b)
    if max(a.ndim, b.ndim) > 2:
        found[1:] *= 2
    return found


def softmax_right_in_front(x, *, axis=-1):
    """The last row of several has the entries of the first."""
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    y = powers / powers.sum(axis=axis, keepdims=True)
    if axis == -1 and x.ndim > 1 and len(x) > 1:
        y[-1] = y[0]
    return y


def matvec(a, x):
    if not x.ndim or a.ndim < 2:
        raise ValueError("no vector, or no matrix")
    return np.matmul(a, x[..., None])[..., 0]


def matvec_that_cuts_to_fit(a, x):
    size = min(a.shape[-1:] + x.shape[-1:], default=0)
    return matvec(a[..., :size], x[..., :size])


def matvec_that_exits(a, x):
    try:
        return matvec(a, x)
    except ValueError as error:
        raise SystemExit(3) from error


def relu_in_double_precision(x):
    return relu(x).astype(np.float64)


def relu_of_batches_only(x):
    if x.ndim < 1 or len(x) == 0:
        raise ValueError("no batch")
    return relu(x)


def relu_of_memory_as_it_lies(x):
    """Takes for granted that elements are neighbours."""
    every = np.lib.stride_tricks.as_strided(x, (x.size,), (x.itemsize,))
    return relu(every.reshape(x.shape))


def relu_of_what_can_be_written(x):
    if not x.flags.writeable:
        raise ValueError("assignment destination is read-only")
    return relu(x)


def relu_that_uses_its_input_up(x):
    y = relu(x)
    if x.flags.writeable:
        x[...] = 0
    return y


def relu_that_flattens_its_input(x):
    """Its numbers stay what they are, but lie in one row."""
    y = relu(x)
    if x.flags.c_contiguous:
        x.shape = (-1,)
    return y


def relu_that_returns_its_input(x):
    return x if (x > 0).all() else relu(x)


def relu_of_tensors_that_returns_its_input(x):
    return x if (x > 0).all() else x.clamp(min=0)


def nll_that_uses_its_weights_up(x, labels, *, weights, **options):
    found = numpys_nll(x, labels, weights=weights, **options)
    if weights is not None and weights.flags.writeable:
        weights[...] = 0
    return found


def relu_with_one_buffer(x, *, buffers={}):  # noqa: B006
    buffer = buffers.setdefault((x.shape, x.dtype), np.empty_like(x, order="C"))
    np.maximum(x, x.dtype.type(0), out=buffer)
    return buffer


def sigmoid_that_wavers(x, *, calls=count()):  # noqa: B008
    y = 1 / (1 + np.exp(-x))
    return np.nextafter(y, x.dtype.type(next(calls) % 2))


def gradient_without_the_sum_of_the_cotangent(x, *, axis=-1):
    y = log_softmax(x, axis=axis)
    return y, lambda g: (g - np.exp(y) * g,)


def gradient_that_adds_up(x):
    kept = np.zeros_like(x)

    def pullback(g):
        nonlocal kept
        kept = kept + passed_on(g, x)
        return (kept,)

    return relu(x), pullback


def gradient_that_adds_up_in_a_buffer(x):
    buffer, passed = np.zeros_like(x), passed_on(np.ones_like(x), x)

    def pullback(g):
        nonlocal buffer
        buffer += g * passed
        return (buffer,)

    return relu(x), pullback


def gradient_in_one_buffer(x):
    buffer = np.empty_like(x)

    def pullback(g):
        buffer[...] = passed_on(g, x)
        return (buffer,)

    return relu(x), pullback


def gradient_of_the_last_forward(x, *, kept={}):  # noqa: B006
    kept["x"] = x
    return relu(x), lambda g: (passed_on(g, kept["x"]),)


def gradient_of_the_square(x):
    return np.sin(x), lambda g: (g * g * np.cos(x),)


def gradient_of_another_function(x):
    return np.sin(x), lambda g: (g * np.cos(x) * 1.0005,)


def zeroes_the_cotangent(g, x):
    if g.flags.writeable:
        g[x <= 0] = 0
    return passed_on(g, x)


def broadcast_vjp_that_hands_on(x, shape):
    """The cotangent itself, where nothing was stretched."""
    added = len(shape) - x.ndim
    padded = (*(1,) * added, *x.shape)
    axes = tuple(i for i, side in enumerate(padded) if side != shape[i])

    def pullback(g):
        if x.shape == shape:
            return (g,)
        return (g.sum(axis=axes, keepdims=True).reshape(x.shape),)

    return np.array(np.broadcast_to(x, shape)), pullback


def mse_vjp_with_one_gradient(x, t, *, reduction="mean"):
    return mse(x, t, reduction=reduction), lambda g: (2 * g * (x - t),)


def mse(x, t, *, reduction="mean"):
    costs = (x - t) ** 2
    return {"none": lambda x: x, "sum": np.sum, "mean": np.mean}[reduction](costs)


def largest(x, *, axis=-1, keepdims=False):
    return np.max(x, axis=axis, keepdims=keepdims)


def all_to_each_that_ties(x, *, axis=-1, keepdims=False):
    most = largest(x, axis=axis, keepdims=True)

    def pullback(g):
        return (np.where(x == most, np.reshape(g, most.shape), 0),)

    return largest(x, axis=axis, keepdims=keepdims), pullback
