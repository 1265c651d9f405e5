"""In code that is right, in whatever way it computes, no law finds a fault."""

from importlib.util import find_spec

import numpy as np
import pytest

from scratchnet.arrays import array_namespace
from scratchnet.optim import SGD
from scratchnet.testing import OPS, check
from scratchnet.testing.mutants.correct.optimizers import optimizer

TARGETS = ["numpy:float64", "numpy:float32"]
TARGETS += ["torch:cpu:float64", "torch:cpu:float32"] * bool(find_spec("torch"))


def log_softmax_by_logsumexp(x, /, *, axis=-1):
    xp = array_namespace(x)
    most = xp.max(x, axis=axis, keepdims=True)
    total = xp.sum(xp.exp(x - most), axis=axis, keepdims=True)
    return x - (most + xp.log(total))


def log_softmax_by_shifting(x, /, *, axis=-1):
    xp = array_namespace(x)
    shifted = x - xp.max(x, axis=axis, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))


def log_softmax_vjp(x, /, *, axis=-1):
    xp = array_namespace(x)
    y = log_softmax_by_logsumexp(x, axis=axis)
    return y, lambda g: (g - xp.exp(y) * xp.sum(g, axis=axis, keepdims=True),)


def log_softmax_by_library(x, /, *, axis=-1):
    """The logarithm of a sum with infinity is infinity, not NaN as without a shift."""
    torch = pytest.importorskip("torch")
    return x - torch.logsumexp(x, dim=axis, keepdim=True)


def softmax_by_library(x, /, *, axis=-1):
    return log_softmax_by_library(x, axis=axis).exp()


def sgd_in_one_tensor(p, g, v=None, /, **hyper):
    """Parameter and velocity are parts of one tensor, and apart."""
    torch = pytest.importorskip("torch")
    found = SGD(**hyper).step({"p": p}, {"p": g}, {} if v is None else {"p": v})
    parts = [found[0]["p"], *found[1].values()]
    return torch.stack(parts, -1).unbind(-1)


def softmax_by_log_softmax(x, /, *, axis=-1):
    return array_namespace(x).exp(log_softmax_by_shifting(x, axis=axis))


def softmax_by_dividing(x, /, *, axis=-1):
    xp = array_namespace(x)
    powers = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return powers / xp.sum(powers, axis=axis, keepdims=True)


def softmax_vjp_by_centring(x, /, *, axis=-1):
    xp = array_namespace(x)
    y = softmax_by_dividing(x, axis=axis)

    def pullback(g):
        return (y * (g - xp.sum(g * y, axis=axis, keepdims=True)),)

    return y, pullback


def softmax_vjp_by_products(x, /, *, axis=-1):
    xp = array_namespace(x)
    y = softmax_by_log_softmax(x, axis=axis)

    def pullback(g):
        return (g * y - y * xp.sum(g * y, axis=axis, keepdims=True),)

    return y, pullback


def linear_bias_last(x, weight, bias=None, /):
    y = array_namespace(x).matmul(x, weight.T)
    return y if bias is None else y + bias


def linear_bias_first(x, weight, bias=None, /):
    """The bias is what the sum of products starts with."""
    xp = array_namespace(x)
    start = xp.sum(xp.zeros_like(weight), axis=-1) if bias is None else bias
    y = xp.sum(xp.zeros_like(x), axis=-1)[..., None] + start
    for i in range(x.shape[-1]):
        y = y + x[..., i, None] * weight[:, i]
    return y


def sum_in_blocks(x, /, *, axis=None, keepdims=False):
    """All elements are added up three by three, those along an axis at once."""
    if axis is not None:
        return np.sum(x, axis=axis, keepdims=keepdims)
    flat = x.reshape(-1)
    blocks = [flat[i : i + 3].sum() for i in range(0, flat.size, 3)]
    total = np.asarray(sum(blocks), x.dtype)
    return total.reshape((1,) * x.ndim) if keepdims else total


def sum_reversed(x, /, *, axis=None, keepdims=False):
    """From the last element to the first."""
    return np.flip(np.sum(np.flip(x), axis=axis, keepdims=keepdims))


def welford(x):
    mean = np.zeros(x.shape[:-1], x.dtype)
    total = np.zeros(x.shape[:-1], x.dtype)
    for i in range(x.shape[-1]):
        off = x[..., i] - mean
        mean = mean + off / x.dtype.type(i + 1)
        total = total + off * (x[..., i] - mean)
    return total / x.dtype.type(x.shape[-1])


def as_matrices(product):
    """The product of matrices, also of vectors; a side of 1 is not stretched."""

    def matmul(a, b, /):
        x = a[None, :] if a.ndim == 1 else a
        y = b[:, None] if b.ndim == 1 else b
        if x.shape[-1] != y.shape[-2]:
            raise ValueError("the inner sides differ")
        found = product(x, y)
        found = found if b.ndim > 1 else found[..., 0]
        if a.ndim > 1:
            return found
        return found[..., 0, :] if b.ndim > 1 else found[..., 0]

    return matmul


def by_einsum(x, y):
    return np.einsum("...mk,...kp->...mp", x, y)


def by_loops(x, y):
    """A sum of outer products, one for each inner index, from the last on."""
    xp = array_namespace(x)
    found = xp.matmul(xp.zeros_like(x), xp.zeros_like(y))
    for i in reversed(range(x.shape[-1])):
        found = found + x[..., :, i, None] * y[..., None, i, :]
    return found


def relu_by_maximum(x, /):
    xp = array_namespace(x)
    return xp.maximum(x, xp.zeros_like(x))


def relu_by_where(x, /):
    xp = array_namespace(x)
    return xp.where(x < 0, xp.zeros_like(x), x)


def relu_vjp(x, /):
    xp = array_namespace(x)
    return relu_by_where(x), lambda g: (xp.where(x <= 0, xp.zeros_like(g), g),)


def relu(x):
    return np.maximum(x, x.dtype.type(0))


def pulled_back_by(pullback):
    """The VJP rule of ReLU with a pullback of (g, x)."""
    return lambda x: (relu(x), lambda g: (pullback(g, x),))


class State:
    """Velocities that are no dictionary."""

    def __init__(self, velocities):
        self.velocities = velocities


def with_an_object_for_a_state(parameters, gradients, state, **options):
    known = state.velocities if state else {}
    after, known = optimizer(parameters, gradients, known, **options)
    return after, State(known)


def leaky_relu(x, *, slope=0.01):
    return np.where(x <= 0, x.dtype.type(slope) * x, x)


def leaky_vjp_by(factor):
    """The VJP rule of leaky ReLU whose pullback multiplies by this."""

    def vjp(x, *, slope=0.01):
        y = leaky_relu(x, slope=slope)
        return y, lambda g: (g * np.asarray(factor(x, slope), g.dtype),)

    return vjp


RIGHT = [
    ("log_softmax", log_softmax_by_logsumexp, log_softmax_vjp, TARGETS),
    ("log_softmax", log_softmax_by_shifting, None, TARGETS[:2]),
    ("softmax", softmax_by_log_softmax, softmax_vjp_by_products, TARGETS),
    ("softmax", softmax_by_dividing, softmax_vjp_by_centring, TARGETS[:2]),
    *(
        (name, function, None, TARGETS[2:])
        for name, function in (
            ("log_softmax", log_softmax_by_library),
            ("softmax", softmax_by_library),
            ("sgd", sgd_in_one_tensor),
        )
        if TARGETS[2:]
    ),
    ("linear", linear_bias_last, None, TARGETS[:2]),
    ("linear", linear_bias_first, None, TARGETS),
    ("sum", sum_in_blocks, None, TARGETS[:2]),
    ("sum", sum_reversed, None, TARGETS[:2]),
    ("var", welford, None, TARGETS[:2]),
    ("matmul", as_matrices(by_einsum), None, TARGETS[:2]),
    ("matmul", as_matrices(by_loops), None, TARGETS),
    ("relu", relu_by_maximum, None, TARGETS[:2]),
    ("relu", relu_by_where, relu_vjp, TARGETS),
    ("relu", relu, pulled_back_by(lambda g, x: g * (x > 0)), TARGETS[:2]),
    ("relu", relu, pulled_back_by(lambda g, x: np.where(x > 0, g, 0 * g)), TARGETS[:2]),
    (
        *("leaky_relu", leaky_relu),
        leaky_vjp_by(lambda x, slope: (x > 0) + slope * (x <= 0)),
        TARGETS[:2],
    ),
    (
        *("leaky_relu", leaky_relu),
        leaky_vjp_by(lambda x, slope: np.where(x <= 0, slope, 1)),
        TARGETS[:2],
    ),
    ("optimizer", with_an_object_for_a_state, None, TARGETS[:2]),
]


@pytest.mark.parametrize(
    ("operation", "subject", "vjp", "targets"),
    RIGHT,
    ids=[f"{name}-{i}" for i, (name, *_) in enumerate(RIGHT)],
)
def test_right_code_is_never_found_wrong(operation, subject, vjp, targets):
    """An alarm about it would be a way to compute that nobody thought of."""
    report = check(subject, OPS[operation], vjp=vjp, targets=targets, examples=20)
    assert report.ok, str(report)
