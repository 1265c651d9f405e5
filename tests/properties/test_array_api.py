"""The whole pipeline on array-api-strict, which has the standard and nothing else,
and on a simulated device, which NumPy does not take for its own.

Its devices refuse to mix and one has no float64: what passes here uses no private
corner of NumPy or PyTorch, and creates every array where the others live.
"""

import inspect
import operator

import numpy as np
import pytest

from scratchnet import (
    SGD,
    Batches,
    Function,
    Linear,
    Sequential,
    Standardizer,
    accuracy,
    activations,
    broadcasting,
    evaluate,
    fit,
    labels,
    losses,
    parameters,
    predict,
    products,
    reductions,
    relu_vjp,
    state,
)
from scratchnet.arrays import device, from_numpy, to_numpy
from scratchnet.testing import simulated

strict = pytest.importorskip("array_api_strict")

X, Y = np.random.default_rng(0).standard_normal((2, 3, 4), np.float32)
W, V, U = Y.T.copy(), Y[0].copy(), Y[:, 0].copy()
LABELS = np.array([3, 0, 2])

#: Every public function of the operations, and arguments to call it with.
CALLS = {
    "binary_cross_entropy": (X, Y),
    "broadcast_to": (V, (3, 4)),
    "check_labels": (LABELS, 4),
    "contract": (X, Y),
    "cross_entropy": (X, LABELS),
    "elu": (X,),
    "expand_dims": (X, (0, -1)),
    "grids": (V, U),
    "leaky_relu": (X,),
    "log_softmax": (X,),
    "matmul": (X, W),
    "matvec": (X, V),
    "mean": (X,),
    "mse": (X, Y),
    "nll": (X, LABELS),
    "one_hot": (LABELS, 4),
    "outer": (operator.mul, V, X),
    "relu": (X,),
    "sigmoid": (X,),
    "sine": (X,),
    "softmax": (X,),
    "sum": (X,),
    "tensordot": (X, Y),
    "unbroadcast": (X, (1, 4)),
}
MODULES = (activations, broadcasting, labels, losses, products, reductions)
FUNCTIONS = {
    name: function
    for module in MODULES
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__ and not name.startswith("_")
}
#: Functions of shapes, names and dtypes, which take no array to compute with.
OF_NO_ARRAY = {"broadcast_shapes", "count_classes", "tiles"}
PULLBACKS = sorted(name for name in FUNCTIONS if name.endswith("_vjp"))


PLACES = {
    name: (strict, strict.Device(name))
    for name in ("CPU_DEVICE", "device1", "no_float64")
} | {"gpu": (simulated.XP, simulated.DEVICES["gpu"])}


@pytest.fixture(params=PLACES)
def on(request):
    """Puts a NumPy array on a device of array-api-strict, or a simulated one."""
    xp, where = PLACES[request.param]

    def put(x):
        if not isinstance(x, np.ndarray):
            return x
        return from_numpy(x, xp=xp, device=where)

    put.device = where
    return put


def assert_same(actual, expected, where):
    """Equal to the last bit (NumPy computes there too), and on the device."""
    if isinstance(expected, tuple):
        for one, other in zip(actual, expected, strict=True):
            assert_same(one, other, where)
    elif expected is None:
        assert actual is None
    else:
        assert device(actual) == where
        np.testing.assert_array_equal(to_numpy(actual), expected)


def test_no_public_function_is_forgotten():
    forward = {name for name in FUNCTIONS if not name.endswith("_vjp")}
    assert forward == CALLS.keys() | OF_NO_ARRAY


@pytest.mark.parametrize("name", CALLS)
def test_a_function_needs_only_the_standard(on, name):
    actual = FUNCTIONS[name](*map(on, CALLS[name]))
    assert_same(actual, FUNCTIONS[name](*CALLS[name]), on.device)


@pytest.mark.parametrize("name", PULLBACKS)
def test_a_pullback_needs_only_the_standard(on, name):
    arguments = CALLS[name.removesuffix("_vjp")]
    expected, pullback = FUNCTIONS[name](*arguments)
    value, strict_pullback = FUNCTIONS[name](*map(on, arguments))
    g = np.asarray(np.cos(np.arange(expected.size)), np.float32).reshape(expected.shape)
    assert_same(value, expected, on.device)
    assert_same(strict_pullback(on(g)), pullback(g), on.device)


def test_a_step_of_sgd_needs_only_the_standard(on):
    sgd = SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01, maximize=True)
    velocities = {"w": Y}
    expected = sgd.step({"w": X}, {"w": Y}, velocities)
    actual = sgd.step({"w": on(X)}, {"w": on(Y)}, {"w": on(Y)})
    for ours, theirs in zip(actual, expected, strict=True):
        assert_same(ours["w"], theirs["w"], on.device)


def trained(put):
    """One epoch of everything: standardizer, batches, layers, loss, SGD, evaluation."""
    x = put(np.arange(40, dtype=np.uint8).reshape(10, 4))
    y = put(np.arange(10) % 3)
    standardize = Standardizer.fit(x, per_feature=True)
    train = Batches(standardize(x), y, batch_size=4, shuffle=True)
    net = Sequential((Linear(put(Y), put(U)), Function(relu_vjp), Linear(put(W[:3]))))
    run = fit(net, SGD(0.1, momentum=0.9), train, epochs=1, valid=train)
    return run, train


def test_an_epoch_of_training_needs_only_the_standard(on):
    (actual, batches), (expected, oracle) = trained(on), trained(np.asarray)
    for name, parameter in state(expected.model).items():
        assert_same(state(actual.model)[name], parameter, on.device)
    assert actual.history.losses == expected.history.losses
    assert evaluate(actual.model, batches) == evaluate(expected.model, oracle)
    assert_same(
        predict(actual.model, batches.x), predict(expected.model, oracle.x), on.device
    )
    logits = expected.model(oracle.x)
    assert accuracy(on(logits), batches.y) == accuracy(logits, oracle.y)
    assert len(parameters(actual.model)) == 3
