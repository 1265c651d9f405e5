"""Where the slopes of both sides differ, each slope between them is right."""

from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest

from scratchnet import elu_vjp, leaky_relu_vjp, relu_vjp
from scratchnet.testing import OPS, REFERENCES, check, within

NUMPY = ["numpy:float64", "numpy:float32"]
TORCH = ["torch:cpu:float64", "torch:cpu:float32"] * bool(find_spec("torch"))


def relu(x):
    return np.maximum(x, x.dtype.type(0))


def leaky_relu(x, *, slope=0.01):
    return np.where(x > 0, x, x.dtype.type(slope) * x)


def elu(x, *, alpha=1.0):
    below = x.dtype.type(alpha) * np.expm1(np.minimum(x, 0))
    return np.where(x > 0, x, below)


def by(pullback, function=relu):
    """A function's VJP rule with a pullback of (g, x, ...)."""

    def vjp(x, **options):
        return function(x, **options), lambda g: (pullback(g, x, **options),)

    return vjp


def zeroed_where(cut):
    """The pullback of NumPy's books, by what it sets to 0."""

    def pullback(g, x):
        dx = np.array(g)
        dx[cut(x)] = 0
        return dx

    return by(pullback)


def leaky_by(slopes):
    """Leaky ReLU's, by the slopes of x."""
    return by(lambda g, x, slope=0.01: g * slopes(x, slope).astype(g.dtype), leaky_relu)


def elu_from_the_right(g, x, *, alpha=1.0):
    slopes = elu(x, alpha=alpha) + x.dtype.type(alpha)
    return g * np.where(x >= 0, x.dtype.type(1), slopes)


#: Ways to pull back, which differ where x = 0.
RIGHT = {
    "dx[x < 0] = 0": ("relu", relu, zeroed_where(lambda x: x < 0)),
    "dx[x <= 0] = 0": ("relu", relu, zeroed_where(lambda x: x <= 0)),
    "g * (x >= 0)": ("relu", relu, by(lambda g, x: g * (x >= 0))),
    "half": (
        *("relu", relu),
        by(lambda g, x: np.where(x == 0, g.dtype.type(0.5) * g, g * (x > 0))),
    ),
    "leaky, x >= 0": (
        *("leaky_relu", leaky_relu),
        leaky_by(lambda x, slope: np.where(x >= 0, 1, slope)),
    ),
    "leaky, x > 0": (
        *("leaky_relu", leaky_relu),
        leaky_by(lambda x, slope: np.where(x > 0, 1, slope)),
    ),
    "leaky, half": (
        *("leaky_relu", leaky_relu),
        leaky_by(
            lambda x, slope: np.where(
                x == 0, (1 + slope) / 2, np.where(x > 0, 1, slope)
            )
        ),
    ),
    "elu, x >= 0": ("elu", elu, by(elu_from_the_right, elu)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_each_way_to_cut_a_cotangent_off_is_right(name):
    operation, function, vjp = RIGHT[name]
    found = check(function, OPS[operation], vjp=vjp, targets=NUMPY)
    assert found.ok, str(found)


def clamp(_, x):
    return x.clamp(min=0)


def maximum(torch, x):
    return torch.maximum(x, torch.zeros_like(x))


def leaky_where(torch, x, *, slope=0.01):
    return torch.where(x >= 0, x, slope * x)


def elu_where(torch, x, *, alpha=1.0):
    return torch.where(x >= 0, x, alpha * torch.expm1(x.clamp(max=0)))


#: PyTorch's own functions: clamp passes the cotangent at 0, relu cuts it off, maximum
#: takes half of it.
PYTORCHS = {
    "relu": ("relu", lambda torch, x: torch.relu(x)),
    "clamp": ("relu", clamp),
    "maximum": ("relu", maximum),
    "leaky_relu, where": ("leaky_relu", leaky_where),
    "elu, where": ("elu", elu_where),
}


@pytest.mark.parametrize("name", PYTORCHS)
def test_each_slope_that_autograd_takes_is_right(name):
    torch = pytest.importorskip("torch")
    operation, function = PYTORCHS[name]
    function = partial(function, torch)

    def vjp(x, **options):
        x = x.detach().requires_grad_()
        y = function(x, **options)
        return y.detach(), lambda g: torch.autograd.grad(y, x, g, retain_graph=True)

    found = check(function, OPS[operation], vjp=vjp, targets=TORCH)
    assert found.ok, str(found)


@pytest.mark.parametrize("slope", [2.0, -1.0, 1.001, -0.001])
def test_a_slope_beyond_both_sides_is_wrong(slope):
    """0 is as good as 1, and what lies between: nothing else is."""
    vjp = by(lambda g, x: np.where(x == 0, g.dtype.type(slope) * g, g * (x > 0)))
    report = check(relu, OPS["relu"], vjp=vjp, targets=NUMPY)
    broken = {(each.law.name, each.verdict) for each in report.broken}
    assert broken == {("gradients_equal_the_oracle", "WRONG")}, str(report)


SIDES = {
    "relu": (0.0, 1.0, {}),
    "leaky_relu": (0.01, 1.0, {}),
    "elu": (0.25, 1.0, {"alpha": 0.25}),
}


@pytest.mark.parametrize("name", SIDES)
@pytest.mark.parametrize("at", [0.0, -0.0])
def test_at_a_zero_of_either_sign_the_slopes_of_both_sides_are_the_limits(name, at):
    low, high, options = SIDES[name]
    x, g = np.asarray([at, 1.0]), np.asarray([3.0, 3.0])
    (expected,) = REFERENCES[f"{name}.pullback"].oracle(g, x, **options)

    def holds(slope):
        return within(g * np.asarray([slope, 1.0]), expected).ok

    assert all(map(holds, (low, 0.3, 0.5 * (low + high), high)))
    assert not any(map(holds, (low - 0.001, high + 0.001, -high, 2 * high)))


def test_where_elu_has_no_kink_its_slope_is_1():
    x, g = np.zeros(1), np.ones(1)
    (expected,) = REFERENCES["elu.pullback"].oracle(g, x)
    assert within(g, expected).ok
    assert not within(0.999 * g, expected).ok


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu"])
def test_beside_a_kink_there_is_one_slope(name):
    """The freedom is of 0 alone: of no number next to it, however small."""
    least = np.finfo(np.float64).smallest_subnormal
    x, g = np.asarray([-least, least]), np.ones(2)
    options = {"alpha": 0.25} if name == "elu" else {}
    (expected,) = REFERENCES[f"{name}.pullback"].oracle(g, x, **options)
    low = {"relu": 0.0, "leaky_relu": 0.01, "elu": 0.25}[name]
    assert within(np.asarray([low, 1.0]), expected).ok
    for wrong in ([0.5, 1.0], [1.0, 1.0], [low, 0.5], [low, low]):
        assert not within(np.asarray(wrong), expected).ok


@pytest.mark.parametrize("at", [0.0, -0.0])
@pytest.mark.parametrize(
    ("vjp", "options", "slope"),
    [
        (relu_vjp, {}, 0.0),
        (leaky_relu_vjp, {"slope": 0.25}, 0.25),
        (elu_vjp, {"alpha": 0.5}, 0.5),
    ],
    ids=["relu", "leaky_relu", "elu"],
)
def test_of_the_slopes_that_are_right_ours_are_those_of_the_left(
    vjp, options, slope, at
):
    """As their docstrings say, and as PyTorch's functions have it."""
    _, pullback = vjp(np.asarray([at]), **options)
    assert pullback(np.asarray([2.0]))[0].tolist() == [2 * slope]
