"""Messages are results: a sentence that names the argument, its value and what is
required; the fix, where there is one, on a line of its own."""

import pickle

import numpy as np
import pytest

from scratchnet import (
    SGD,
    ArgumentError,
    ArgumentTypeError,
    Batches,
    Linear,
    ScratchnetError,
    Standardizer,
    broadcast_to,
    check_labels,
    cross_entropy,
    expand_dims,
    fit,
    grids,
    log_softmax,
    matmul,
    matvec,
    mean,
    mse,
    nll,
    perceptron,
    softmax,
    sum,  # noqa: A004
    tensordot,
    unbroadcast,
    with_state,
)

strict = pytest.importorskip("array_api_strict")

LOGITS, LABELS = np.zeros((3, 4)), np.array([0, 1, 2])
RNG = np.random.default_rng(0)
NET = perceptron((4, 2), xp=np, rng=RNG, dtype="float64")


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
        "  ignore_index=... excludes a value",
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
        lambda: perceptron((4,), xp=np, rng=RNG),
        "perceptron: sizes=(4,), required two or more",
    ),
    (
        lambda: with_state(NET, {}),
        "with_state: layers.0.bias is nothing, required float64 of shape (2,)",
    ),
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
        lambda: fit(NET, SGD(0.1), Batches(LOGITS, LABELS, batch_size=1), epochs=1),
        "fit: labels hold 2 at flat position 2, required within [0, 2)\n"
        "  ignore_index=... excludes a value",
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
