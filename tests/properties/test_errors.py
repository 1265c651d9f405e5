"""Messages are results: a sentence that names the argument, its value and what is
required; the fix, where there is one, on a line of its own."""

import pickle
from functools import partial
from operator import mul

import numpy as np
import pytest

from scratchnet import (
    SGD,
    ArgumentError,
    ArgumentTypeError,
    Batches,
    Linear,
    Run,
    ScratchnetError,
    Standardizer,
    accuracy,
    binary_cross_entropy_vjp,
    broadcast_to,
    broadcast_to_vjp,
    check_labels,
    cross_entropy,
    cross_entropy_vjp,
    elu_vjp,
    expand_dims,
    fit,
    grids,
    leaky_relu_vjp,
    log_softmax,
    log_softmax_vjp,
    matmul,
    matmul_vjp,
    matvec,
    matvec_vjp,
    mean,
    mean_vjp,
    mse,
    mse_vjp,
    nll,
    nll_vjp,
    outer,
    perceptron,
    relu_vjp,
    sigmoid_vjp,
    sine_vjp,
    softmax,
    softmax_vjp,
    sum,  # noqa: A004
    sum_vjp,
    tensordot,
    tensordot_vjp,
    unbroadcast,
    with_state,
)

strict = pytest.importorskip("array_api_strict")

LOGITS, LABELS = np.zeros((3, 4)), np.array([0, 1, 2])
RNG = np.random.default_rng(0)
NET = perceptron((4, 2), xp=np, rng=RNG, dtype="float64")
PAIRS = Batches(LOGITS, np.array([0, 1, 0]), batch_size=2)


def on(device):
    return strict.zeros((2, 2), device=strict.Device(device))


REFUSED = [
    (
        lambda: softmax([1.0, 2.0]),
        "softmax: x is a list, required an array of NumPy, PyTorch or another array "
        "API "
        "library",
    ),
    (
        lambda: softmax(LABELS),
        "softmax: x.dtype=int64, required a real floating dtype",
    ),
    (
        lambda: softmax(np.zeros((2, 0))),
        "softmax: x.shape=(2, 0), required an entry along axis -1",
    ),
    (
        lambda: log_softmax(LOGITS, axis=2),
        "log_softmax: axis=2, but x.shape=(3, 4) has no such axis",
    ),
    (
        lambda: softmax(LOGITS, axis=(0, 1)),
        "softmax: axis=(0, 1), but x.shape=(3, 4) has no such axis",
    ),
    (
        lambda: sum(LOGITS, axis=(0, -2)),
        "sum: axis=(0, -2), required each axis only once",
    ),
    (
        lambda: mean(LOGITS, axis=2),
        "mean: axis=2, required within [-2, 2) for rank 2",
    ),
    (
        lambda: broadcast_to(LOGITS, (2, 4)),
        "broadcast_to: shapes (3, 4) and (2, 4) clash on axis -2, required equal "
        "sides, "
        "or 1\n  3  4\n  2  4\n  ^",
    ),
    (
        lambda: broadcast_to(LOGITS, (4,)),
        "broadcast_to: x.shape=(3, 4), but shape=(4,) would have to stretch too",
    ),
    (
        lambda: unbroadcast(LOGITS, (2, 3, 4)),
        "unbroadcast: shape=(2, 3, 4), but g.shape=(3, 4) requires one that broadcasts "
        "to it",
    ),
    (
        lambda: broadcast_to(LOGITS, 4),
        "broadcast_to: shape=4, required a tuple of sides, 0 or more",
    ),
    (
        lambda: broadcast_to(LOGITS, (-1, 4)),
        "broadcast_to: shape=(-1, 4), required a tuple of sides, 0 or more",
    ),
    (
        lambda: outer(mul, LOGITS, on("CPU_DEVICE")),
        "outer: mixed libraries (x: numpy, y: array_api_strict), required one for all",
    ),
    (
        lambda: expand_dims(LOGITS, (0, 0)),
        "expand_dims: axes=(0, 0), required each only once",
    ),
    (lambda: grids(LOGITS, LABELS), "grids: row.shape=(3, 4), required 1-D"),
    (
        lambda: matmul(LOGITS, LOGITS),
        "matmul: a.shape=(3, 4) and b.shape=(3, 4), required the inner sides 4 and 3 "
        "to "
        "be equal",
    ),
    (
        lambda: matmul(np.zeros((2, 1, 4)), np.zeros((3, 4, 1))),
        "matmul, loop dimensions: shapes (2,) and (3,) clash on axis -1, required "
        "equal "
        "sides, or 1\n  2\n  3\n  ^",
    ),
    (
        lambda: matmul(np.zeros(()), LOGITS),
        "matmul: a.shape=(), required at least 1-D",
    ),
    (
        lambda: matmul(LOGITS, np.zeros((4, 2), np.float32)),
        "matmul: mixed dtypes (a: float64, b: float32), required one for all",
    ),
    (
        lambda: matmul(np.zeros((2, 2)), on("CPU_DEVICE")),
        "matmul: mixed libraries (a: numpy, b: array_api_strict), required one for all",
    ),
    (
        lambda: matmul(on("CPU_DEVICE"), on("device1")),
        "matmul: mixed devices (a: array_api_strict.Device('CPU_DEVICE'), b: "
        "array_api_strict.Device('device1')), required one for all",
    ),
    (
        lambda: matvec(LOGITS, np.zeros(3)),
        "matvec: a.shape=(3, 4) and x.shape=(3,), required the inner sides 4 and 3 to "
        "be "
        "equal",
    ),
    (
        lambda: tensordot(LOGITS, LOGITS, axes=1),
        "tensordot: a.shape=(3, 4) and b.shape=(3, 4), required the last 1 sides of a "
        "to "
        "be the first 1 of b",
    ),
    (
        lambda: tensordot(LOGITS, LOGITS, axes=([0], [0])),
        "tensordot: axes=([0], [0]), required 0 to 2",
    ),
    (
        lambda: nll(np.zeros(()), LABELS[0, ...]),
        "nll: log_probabilities.shape=(), required an axis of classes",
    ),
    (
        lambda: accuracy(LOGITS, LABELS / 1),
        "accuracy: labels.dtype=float64, required an integer dtype",
    ),
    (
        lambda: cross_entropy(LOGITS, np.eye(3, 4, dtype=np.int64)),
        "cross_entropy: labels.shape=(3, 4), but logits.shape=(3, 4) requires (3,)\n"
        "  for one-hot labels pass xp.argmax(labels, axis=-1)",
    ),
    (
        lambda: cross_entropy(LOGITS, LABELS[:, None]),
        "cross_entropy: labels.shape=(3, 1), but logits.shape=(3, 4) requires (3,)",
    ),
    (
        lambda: cross_entropy(LOGITS, LABELS + 2),
        "cross_entropy: labels hold 4 at flat position 2, required within [0, 4)\n"
        "  a loss with ignore_index=... leaves a value out",
    ),
    (
        lambda: nll(LOGITS, LABELS - 1, ignore_index=-100),
        "nll: labels hold -1 at flat position 0, required within [0, 4)",
    ),
    (
        lambda: nll(LOGITS, LABELS / 1),
        "nll: labels.dtype=float64, required an integer dtype",
    ),
    (
        lambda: nll(LOGITS, [0, 1, 2]),
        "nll: labels is a list, required an integer array",
    ),
    (
        lambda: nll(LOGITS, LABELS, weights=np.ones(3)),
        "nll: weights.shape=(3,), but log_probabilities.shape=(3, 4) requires (4,)",
    ),
    (
        lambda: nll(LOGITS, LABELS, reduction="average"),
        "nll: reduction='average', required one of none, mean, sum",
    ),
    (
        lambda: mse(np.zeros((3, 1)), np.zeros(3)),
        "mse: targets.shape=(3,), but predictions.shape=(3, 1) requires the same",
    ),
    (
        lambda: check_labels(np.array([True]), 2),
        "check_labels: labels.dtype=bool, required an integer dtype",
    ),
    (
        lambda: Linear(np.zeros((2, 5)))(LOGITS),
        "Linear: x.shape=(3, 4), but weight.shape=(2, 5) requires (..., 5)",
    ),
    (
        lambda: Linear(np.zeros((2, 4)), np.zeros(5))(LOGITS),
        "Linear: bias.shape=(5,), but weight.shape=(2, 4) requires (2,)",
    ),
    (
        lambda: Linear(np.zeros(4))(LOGITS),
        "Linear: weight.shape=(4,), required (outputs, inputs)",
    ),
    (
        lambda: perceptron((4,), xp=np, rng=RNG),
        "perceptron: sizes=(4,), required two or more",
    ),
    (
        lambda: with_state(NET, {}),
        "with_state: layers.0.bias is nothing, required float64 of shape (2,)",
    ),
    (
        lambda: with_state(Linear(np.zeros((2, 2))), {"weight": on("CPU_DEVICE")}),
        "with_state: mixed libraries (new weight: array_api_strict, old weight: "
        "numpy), required one for all",
    ),
    (lambda: SGD("fast"), "SGD: learning_rate='fast', required a number"),
    (
        lambda: SGD(float("nan")),
        "SGD: learning_rate=nan, required finite and not negative",
    ),
    (
        lambda: SGD(0.1, nesterov=True),
        "SGD: nesterov=True, momentum=0.0, dampening=0.0, required a momentum above 0 "
        "and "
        "no dampening",
    ),
    (
        lambda: SGD(0.1).step({"w": LOGITS}, {"b": LOGITS}, {}),
        "SGD.step: a gradient for 'b', which is no parameter",
    ),
    (
        lambda: SGD(0.1).step({"w": LOGITS}, {"w": LOGITS[0]}, {}),
        "SGD.step: the gradient of 'w' has shape (4,), required that of the parameter, "
        "(3, 4)",
    ),
    (
        lambda: Batches(LOGITS, LABELS, batch_size=0),
        "Batches: batch_size=0, required an integer >= 1",
    ),
    (
        lambda: Batches([1.0], LABELS, batch_size=1),
        "Batches: x is a list, required an array of NumPy, PyTorch or another array "
        "API library",
    ),
    (
        lambda: Batches(on("CPU_DEVICE"), on("device1"), batch_size=1),
        "Batches: mixed devices (x: array_api_strict.Device('CPU_DEVICE'), y: "
        "array_api_strict.Device('device1')), required one for all",
    ),
    (
        lambda: Batches(LOGITS[:0], LABELS[:0], batch_size=1),
        "Batches: x.shape=(0, 4), required a row or more",
    ),
    (
        lambda: Batches(LOGITS, LABELS[:2], batch_size=1),
        "Batches: y.shape=(2,), but x.shape=(3, 4) requires 3 rows",
    ),
    (
        lambda: Batches(LOGITS, LABELS, batch_size=4, drop_last=True),
        "Batches: batch_size=4 with drop_last, but 3 rows do not fill one batch",
    ),
    (
        lambda: Standardizer.fit(LOGITS[:0]),
        "Standardizer.fit: x.shape=(0, 4), required at least one row",
    ),
    (
        lambda: Standardizer.fit(LOGITS + np.nan),
        "Standardizer.fit: x holds NaN or infinity, required finite values",
    ),
    (
        lambda: Standardizer.fit(np.array([[-1.7e308], [1.7e308]])),
        "Standardizer.fit: x holds values from -1.7e+308 to 1.7e+308, required a "
        "deviation that float64 can hold",
    ),
    (
        lambda: fit(Run(NET, batch=3), SGD(0.1), PAIRS, epochs=1),
        "fit: the run has done 3 batches of its epoch, but train has 2\n"
        "  resume with the batch size that it was begun with",
    ),
    (
        lambda: fit(NET, SGD(0.1), PAIRS, epochs=1.5),
        "fit: epochs=1.5, required an integer >= 0",
    ),
    (
        lambda: fit(NET, SGD(0.1), PAIRS, epochs=1, compile=True),
        "fit: compile=True, but layers.0.weight is of numpy, required parameters of "
        "torch",
    ),
    (
        lambda: fit(NET, SGD(0.1), Batches(LOGITS, LABELS, batch_size=1), epochs=1),
        "fit: labels hold 2 at flat position 2, required within [0, 2)\n"
        "  a loss with ignore_index=... leaves a value out",
    ),
    (
        lambda: fit(NET, SGD(0.1), Batches(LOGITS, LABELS, batch_size=1)),
        "fit: epochs=None, steps=None, required exactly one of them",
    ),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[m[:48] for _, m in REFUSED])
def test_bad_input_is_refused_in_these_words(call, message):
    with pytest.raises((ArgumentError, ArgumentTypeError)) as caught:
        call()
    assert str(caught.value) == message


def test_errors_are_also_the_built_in_kind():
    """Whoever catches ValueError for a wrong value need not know us."""
    assert issubclass(ArgumentError, ValueError)
    assert issubclass(ArgumentTypeError, TypeError)


def test_an_error_survives_the_way_between_processes():
    """pytest-xdist and multiprocessing pickle what a worker raises."""
    error = ScratchnetError("where", "found", "required", "fix")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


X = np.arange(12.0).reshape(3, 4)
ACTIVATIONS = (
    relu_vjp,
    leaky_relu_vjp,
    elu_vjp,
    sigmoid_vjp,
    sine_vjp,
    softmax_vjp,
    log_softmax_vjp,
)
PULLBACKS = {
    **{f.__name__: partial(f, X) for f in ACTIVATIONS},
    "matmul": lambda: matmul_vjp(X, X.T),
    "matvec": lambda: matvec_vjp(X, X[0]),
    "tensordot": lambda: tensordot_vjp(X, X.T, axes=1),
    "sum": lambda: sum_vjp(X, axis=0),
    "mean": lambda: mean_vjp(X, axis=0),
    "broadcast_to": lambda: broadcast_to_vjp(X, (2, 3, 4)),
    "nll": lambda: nll_vjp(X, LABELS),
    "cross_entropy": lambda: cross_entropy_vjp(X, LABELS),
    "mse": lambda: mse_vjp(X, X),
    "binary_cross_entropy": lambda: binary_cross_entropy_vjp(X, X),
    "Linear": lambda: Linear(X[:2]).vjp(X),
}


@pytest.mark.parametrize("rule", PULLBACKS.values(), ids=PULLBACKS)
def test_a_cotangent_of_another_shape_or_dtype_is_refused(rule):
    """It would be broadcast, or read as one of another shape of as many elements."""
    y, pullback = rule()
    with pytest.raises(ArgumentError, match="required that of the result"):
        pullback(np.ones((*y.shape, 2)))
    with pytest.raises(ArgumentTypeError, match="mixed dtypes"):
        pullback(np.ones(y.shape, np.float32))
