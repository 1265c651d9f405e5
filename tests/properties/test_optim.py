"""SGD is a pure step: what it is given it leaves alone, what it needs it returns."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scratchnet import SGD, ArgumentError, ArgumentTypeError
from scratchnet.arrays import to_numpy

SHARES = st.floats(0, 1, width=32)
#: Quarters: with the powers of two below, sums and products of them are exact.
QUARTERS = st.integers(-16, 16).map(lambda n: n / 4)
NAMES = ("weight", "bias")


@st.composite
def optimizers(draw):
    """Any SGD that `torch.optim.SGD` would take too."""
    nesterov = draw(st.booleans())
    return SGD(
        learning_rate=draw(SHARES),
        momentum=draw(st.floats(0.125, 1) if nesterov else SHARES),
        dampening=0.0 if nesterov else draw(SHARES),
        nesterov=nesterov,
        weight_decay=draw(SHARES),
        maximize=draw(st.booleans()),
    )


def tensors():
    """Two parameters, or what belongs to each of them, by name."""
    values = arrays(np.float64, (2,), elements=QUARTERS, fill=st.nothing())
    return st.fixed_dictionaries(dict.fromkeys(NAMES, values))


def on(target, arrays):
    return {name: target.array(x) for name, x in arrays.items()}


def bits(arrays):
    return {name: to_numpy(x).tobytes() for name, x in arrays.items()}


def steps(sgd, parameters, *gradients):
    """The parameters and velocities after a step along each of the gradients."""
    velocities = {}
    for found in gradients:
        parameters, velocities = sgd.step(parameters, found, velocities)
    return parameters, velocities


@given(sgd=optimizers(), p=tensors(), g=tensors(), v=tensors())
def test_a_step_leaves_its_arguments_alone(target, sgd, p, g, v):
    arguments = [on(target, x) for x in (p, g, v)]
    before = list(map(bits, arguments))
    sgd.step(*arguments)
    assert list(map(bits, arguments)) == before


@given(sgd=optimizers(), p=tensors(), g=tensors(), h=tensors())
def test_parameters_do_not_know_of_each_other(target, sgd, p, g, h):
    """Two steps on two parameters are two steps on the one and two on the other."""
    p, g, h = (on(target, x) for x in (p, g, h))
    together = steps(sgd, p, g, h)
    alone = [steps(sgd, *({n: x[n]} for x in (p, g, h))) for n in NAMES]
    for i, both in enumerate(together):
        assert bits(both) == {n: x for one in alone for n, x in bits(one[i]).items()}


@given(sgd=optimizers(), p=tensors(), g=tensors(), h=tensors())
def test_velocities_are_all_that_a_step_remembers(target, sgd, p, g, h):
    """Copied by way of the host, as through a checkpoint, they go on the same way."""
    p, g, h = (on(target, x) for x in (p, g, h))
    middle = steps(sgd, p, g)
    restored = [on(target, {n: to_numpy(x) for n, x in s.items()}) for s in middle]
    unbroken = steps(sgd, p, g, h)
    resumed = sgd.step(restored[0], h, restored[1])
    assert list(map(bits, resumed)) == list(map(bits, unbroken))


@given(sgd=optimizers(), p=tensors(), g=tensors(), h=tensors())
def test_a_parameter_without_a_gradient_rests(target, sgd, p, g, h):
    p, g = on(target, p), on(target, g)
    moved = steps(sgd, p, g)
    rested = sgd.step(moved[0], {"bias": target.array(h["bias"])}, moved[1])
    for after, before in zip(rested, moved, strict=True):
        assert after.get("weight") is before.get("weight")


@given(sgd=optimizers(), p=tensors(), g=tensors(), h=tensors())
def test_at_rate_zero_nothing_moves(target, sgd, p, g, h):
    p, g, h = (on(target, x) for x in (p, g, h))
    after, _ = steps(replace(sgd, learning_rate=0.0), p, g, h)
    for name in NAMES:
        np.testing.assert_array_equal(to_numpy(after[name]), to_numpy(p[name]))


@given(sgd=optimizers(), p=tensors(), g=tensors(), h=tensors())
def test_climbing_is_descending_along_the_opposite_gradient(target, sgd, p, g, h):
    p, g, h = (on(target, x) for x in (p, g, h))
    down, up = (replace(sgd, maximize=maximize) for maximize in (False, True))
    climbed = steps(up, p, g, h)
    descended = steps(down, p, *({n: -x[n] for n in NAMES} for x in (g, h)))
    assert list(map(bits, climbed)) == list(map(bits, descended))


@given(sgd=optimizers(), p=tensors(), g=tensors())
def test_the_first_velocity_is_the_gradient_whatever_the_dampening(target, sgd, p, g):
    sgd = replace(sgd, momentum=0.5, weight_decay=0.0, maximize=False)
    _, velocities = steps(sgd, on(target, p), on(target, g))
    assert bits(velocities) == bits(on(target, g))


def test_derivative_8_at_rate_a_hundredth_is_a_step_of_eight_hundredths():
    after, _ = SGD(0.01).step({"w": np.array([3.0])}, {"w": np.array([8.0])}, {})
    assert after["w"].tolist() == [3 - 0.08]


@pytest.mark.parametrize(
    ("sgd", "path"),
    [
        (SGD(0.5), [-1, -2, -3]),
        (SGD(0.5, momentum=0.5), [-1, -2.5, -4.25]),
        (SGD(0.5, momentum=0.5, dampening=0.5), [-1, -2, -3]),
        (SGD(0.5, momentum=0.5, nesterov=True), [-1.5, -3.25, -5.125]),
        (SGD(0.5, maximize=True), [1, 2, 3]),
        (SGD(0.5, weight_decay=0.5), [-1, -1.75, -2.3125]),
    ],
    ids=["plain", "momentum", "dampening", "nesterov", "maximize", "weight decay"],
)
def test_three_steps_along_a_constant_gradient(target, sgd, path):
    """From 0, with derivative 2: numbers that can be followed by hand."""
    p, v = {"w": target.array([0.0])}, {}
    for expected in path:
        p, v = sgd.step(p, {"w": target.array([2.0])}, v)
        assert p["w"].tolist() == [expected]


def test_a_rate_below_two_over_the_curvature_converges_and_one_above_diverges():
    """On the parabola w^2, of curvature 2, each step multiplies w by 1 - 2 rate."""
    small, large = SGD(0.25), SGD(1.5)
    near, far = {"w": np.array([1.0])}, {"w": np.array([1.0])}
    for _ in range(10):
        near, _ = small.step(near, {"w": 2 * near["w"]}, {})
        far, _ = large.step(far, {"w": 2 * far["w"]}, {})
    assert near["w"] == 2.0**-10
    assert far["w"] == 2.0**10


NUMBERS = ["learning_rate", "momentum", "dampening", "weight_decay"]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_hyper_parameters_are_finite(name, value):
    with pytest.raises(ArgumentError) as caught:
        SGD(**{"learning_rate": 0.1, name: value})
    assert str(caught.value) == (
        f"SGD: {name}={value}, required finite and not negative"
    )


@pytest.mark.parametrize("name", ["learning_rate", "momentum", "weight_decay"])
def test_hyper_parameters_are_not_negative(name):
    """Dampening may be: `torch.optim.SGD` takes it."""
    with pytest.raises(ArgumentError, match=f"{name}=-0.5, required"):
        SGD(**{"learning_rate": 0.1, name: -0.5})
    assert SGD(0.1, dampening=-0.5).dampening == -0.5


@pytest.mark.parametrize("options", [{}, {"momentum": 0.9, "dampening": 0.5}])
def test_nesterov_takes_a_momentum_and_no_dampening(options):
    with pytest.raises(ArgumentError, match="required a momentum above 0"):
        SGD(0.1, nesterov=True, **options)


W = np.zeros(2)


@pytest.mark.parametrize(
    ("gradients", "velocities", "error", "message"),
    [
        ({"b": W}, {}, ArgumentError, "a gradient for 'b', which is no parameter"),
        ({"w": W}, {"b": W}, ArgumentError, "a velocity for 'b', which is no"),
        ({"w": W[:1]}, {}, ArgumentError, "the gradient of 'w' has shape \\(1,\\)"),
        ({"w": W}, {"w": W[:1]}, ArgumentError, "the velocity of 'w' has shape"),
        ({"w": W.astype("f4")}, {}, ArgumentTypeError, "mixed dtypes \\(w: float64"),
        ({"w": [0.0, 0.0]}, {}, ArgumentTypeError, "gradient is a list"),
    ],
)
def test_gradients_and_velocities_are_those_of_the_parameters(
    gradients, velocities, error, message
):
    """A gradient of shape (1,) would broadcast, and silently move every element."""
    with pytest.raises(error, match=message):
        SGD(0.1, momentum=0.9).step({"w": W}, gradients, velocities)
