"""Layers compose, name their parameters, and start where their initializers say.

Where elements are small integers nothing rounds, and equal means to the last bit.
"""

from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from scratchnet import (
    SGD,
    ArgumentError,
    Batches,
    Function,
    Linear,
    Sequential,
    elu_vjp,
    evaluate,
    fit,
    kaiming_normal,
    lecun_normal,
    parameters,
    perceptron,
    relu_vjp,
    scaled_normal,
    state,
    unbroadcast,
    with_state,
)
from scratchnet.arrays import to_numpy

LOOPS = array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=2)
SIDES = st.integers(1, 3)


def integers(shape):
    return arrays("float64", shape, elements=st.integers(-8, 8), fill=st.nothing())


def linear(inputs, outputs):
    """Linear layers of integers, with a bias or without."""
    bias = st.none() | integers((outputs,))
    return st.builds(Linear, integers((outputs, inputs)), bias)


@st.composite
def pairs(draw):
    """An input and two linear layers that fit one after the other."""
    a, b, c = draw(st.tuples(SIDES, SIDES, SIDES))
    x = draw(integers((*draw(LOOPS), a)))
    return x, draw(linear(a, b)), draw(linear(b, c))


def assert_same(actual, expected):
    """Equal names in equal order, and equal arrays."""
    assert list(actual) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(actual[name], array, strict=True)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def net(rng):
    """Two linear layers and an activation, in float64."""
    return perceptron((4, 3, 2), xp=np, rng=rng, dtype="float64")


@given(pair=pairs())
def test_sequential_is_composition(pair):
    x, f, g = pair
    relu = Function(relu_vjp)
    np.testing.assert_array_equal(Sequential((f, relu, g))(x), g(relu(f(x))))


@given(pair=pairs(), data=st.data())
def test_backpropagation_is_composition_in_reverse(pair, data):
    x, f, g = pair
    y, pullback = Sequential((f, g)).vjp(x)
    hidden, f_pullback = f.vjp(x)
    expected, g_pullback = g.vjp(hidden)
    np.testing.assert_array_equal(y, expected)
    cotangent = data.draw(integers(y.shape))
    dx, found = pullback(cotangent)
    d_hidden, of_g = g_pullback(cotangent)
    expected_dx, of_f = f_pullback(d_hidden)
    np.testing.assert_array_equal(dx, expected_dx)
    first = {f"layers.0.{name}": gradient for name, gradient in of_f.items()}
    second = {f"layers.1.{name}": gradient for name, gradient in of_g.items()}
    assert_same(found, second | first)


def test_no_layers_are_the_identity():
    x = np.arange(3.0)
    y, pullback = Sequential(()).vjp(x)
    assert y is x
    assert pullback(x) == (x, {})


@given(pair=pairs())
def test_a_net_is_a_layer_of_another(pair):
    """Only the names, which are paths, tell a nested net from a flat one."""
    x, f, g = pair
    flat, nested = Sequential((f, g)), Sequential((Sequential((f,)), g))
    y, flat_pullback = flat.vjp(x)
    found, nested_pullback = nested.vjp(x)
    np.testing.assert_array_equal(found, y)
    dx, gradients = flat_pullback(y)
    nested_dx, nested_gradients = nested_pullback(y)
    np.testing.assert_array_equal(nested_dx, dx)
    assert nested_gradients.keys() == state(nested).keys()
    for found, expected in zip(
        nested_gradients.values(), gradients.values(), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


@given(pair=pairs())
def test_two_linear_layers_in_a_row_are_one(pair):
    """Without an activation between them depth adds nothing."""
    x, f, g = pair
    zero = np.zeros(g.weight.shape[-1])
    one = Linear(g.weight @ f.weight, g(zero if f.bias is None else f.bias))
    np.testing.assert_array_equal(Sequential((f, g))(x), one(x))


@given(pair=pairs(), data=st.data())
def test_the_pullback_of_a_linear_layer_is_its_transpose(pair, data):
    """In the input, and in the parameters: <A t, g> = <t, A^T g>."""
    x, layer, _ = pair
    y, pullback = layer.vjp(x)
    t, g = data.draw(st.tuples(integers(x.shape), integers(y.shape)))
    dx, gradients = pullback(g)
    assert np.sum((layer(x + t) - y) * g) == np.sum(t * dx)
    moved = {name: data.draw(integers(p.shape)) for name, p in state(layer).items()}
    elsewhere = with_state(layer, {k: p + moved[k] for k, p in state(layer).items()})
    assert gradients.keys() == moved.keys()
    by_parameters = sum(np.sum(moved[name] * d) for name, d in gradients.items())
    assert np.sum((elsewhere(x) - y) * g) == by_parameters


@given(pair=pairs())
def test_the_input_cotangent_can_be_left_out(pair):
    """The first layer of a net has nobody to pass it to; later layers still do."""
    x, f, g = pair
    net = Sequential((f, Function(relu_vjp), g))
    y, pullback = net.vjp(x)
    dx, gradients = pullback(y)
    shorter, short_pullback = net.vjp(x, input_cotangent=False)
    nothing, same_gradients = short_pullback(shorter)
    assert dx.shape == x.shape
    assert nothing is None
    assert_same(same_gradients, gradients)


def test_a_function_may_be_given_options():
    layer = Function(partial(elu_vjp, alpha=2.0))
    assert layer(np.array([-np.inf, 1.0])).tolist() == [-2.0, 1.0]
    assert state(layer) == {}


def test_a_name_is_the_path_to_the_parameter(net):
    nested = Sequential((net, Function(relu_vjp), Linear(np.ones((1, 2)))))
    assert list(state(nested)) == [
        "layers.0.layers.0.weight",
        "layers.0.layers.0.bias",
        "layers.0.layers.2.weight",
        "layers.0.layers.2.bias",
        "layers.2.weight",
    ]
    assert state(net)["layers.0.weight"] is net.layers[0].weight
    found = zip(parameters(nested), state(nested).values(), strict=True)
    assert all(one is other for one, other in found)


def test_other_parameters_make_another_net(net, rng):
    before = {name: p.copy() for name, p in state(net).items()}
    others = {name: rng.standard_normal(p.shape) for name, p in before.items()}
    assert_same(state(with_state(net, others)), others)
    assert_same(state(net), before)
    assert_same(state(with_state(net, state(net))), before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers.0.gain": np.ones(3)}, r"layers\.0\.gain is float64 .* nothing"),
        ({"layers.0.bias": np.ones(2)}, r"shape \(2,\), required .* shape \(3,\)"),
        ({"layers.0.bias": np.ones((1, 3))}, r"shape \(1, 3\), required .* \(3,\)"),
        ({"layers.0.bias": np.ones(3, np.float32)}, r"float32 .* required float64"),
    ],
    ids=["name", "side", "rank", "dtype"],
)
def test_parameters_of_another_net_are_refused(net, changes, message):
    with pytest.raises(ArgumentError, match=message):
        with_state(net, state(net) | changes)


@pytest.mark.parametrize(
    "name",
    ["layers.0.weight", "layers.0.bias", "layers.2.weight", "layers.2.bias"],
)
def test_no_parameter_may_be_missing(net, name):
    rest = state(net)
    del rest[name]
    with pytest.raises(ArgumentError, match=f"{name} is nothing"):
        with_state(net, rest)


@pytest.mark.parametrize(
    ("init", "stated"),
    [
        (lecun_normal, 1 / sqrt(300)),
        (kaiming_normal, sqrt(2 / 300)),
        (scaled_normal, 1 / 300),
    ],
)
def test_weights_spread_as_their_initializer_states(init, stated, rng):
    """Within five standard errors, of 200 * 300 weights; and about zero."""
    weight = init(rng, 200, 300)
    assert weight.shape == (200, 300)
    slack = 5 * stated / sqrt(2 * weight.size)
    assert stated - slack < weight.std() < stated + slack
    assert -slack * sqrt(2) < weight.mean() < slack * sqrt(2)


def test_a_perceptron_draws_for_relu_and_last_for_the_loss(rng):
    again = np.random.default_rng(0)
    drawn = perceptron((6, 5, 4, 3), xp=np, rng=rng, dtype="float64")
    weights = [p for name, p in state(drawn).items() if name.endswith("weight")]
    expected = [
        kaiming_normal(again, 5, 6),
        kaiming_normal(again, 4, 5),
        scaled_normal(again, 3, 4),
    ]
    for weight, other in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(weight, other)


@given(sizes=st.lists(SIDES, min_size=2, max_size=5))
def test_a_perceptron_has_the_sizes_asked_for(sizes):
    drawn = perceptron(sizes, xp=np, rng=np.random.default_rng(0))
    kinds = [type(layer) for layer in drawn.layers]
    assert kinds == [Linear, *[Function, Linear] * (len(sizes) - 2)]
    shapes = [layer.weight.shape for layer in drawn.layers[::2]]
    assert shapes == list(zip(sizes[1:], sizes[:-1], strict=True))
    assert all(not layer.bias.any() for layer in drawn.layers[::2])
    assert drawn(np.ones((7, sizes[0]), np.float32)).shape == (7, sizes[-1])


@pytest.mark.parametrize("sides", [(0, 1), (1, 0), (-1, 1)])
def test_a_layer_has_at_least_one_input_and_output(sides, rng):
    with pytest.raises(ArgumentError, match="required at least 1"):
        Linear.drawn(*sides, xp=np, rng=rng)


@pytest.mark.parametrize("library", ["array_api_strict", "torch"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_seed_is_one_net_in_every_library(library, dtype):
    xp = pytest.importorskip(library)
    nets = [
        perceptron((5, 4, 3), xp=each, rng=np.random.default_rng(7), dtype=dtype)
        for each in (xp, np)
    ]
    ours, numpys = map(state, nets)
    assert_same({name: to_numpy(p) for name, p in ours.items()}, numpys)


@dataclass(frozen=True)
class Scale:
    """A layer of one's own: every feature times a factor that is learnt."""

    factor: Any

    def __call__(self, x, /):
        return x * self.factor

    def vjp(self, x, /, *, input_cotangent=True):
        def pullback(g):
            gradients = {"factor": unbroadcast(g * x, self.factor.shape)}
            return (g * self.factor if input_cotangent else None), gradients

        return self(x), pullback


@pytest.mark.parametrize("first", [True, False])
def test_a_layer_of_ones_own_trains_like_ours(first, rng):
    """It registers nothing: being a dataclass that holds an array is enough."""
    x = rng.standard_normal((32, 4))
    train = Batches(x, (x[:, 0] > x[:, 1]).astype(np.int64), batch_size=8)
    ours = Linear.drawn(4, 4, xp=np, rng=rng, dtype="float64")
    layers = (Scale(np.ones(4)), ours)
    net = Sequential(layers if first else layers[::-1])
    trained = fit(net, SGD(0.1), train, epochs=1).model
    before, after = parameters(net), parameters(trained)
    moved = [np.any(p != q) for p, q in zip(before, after, strict=True)]
    assert moved == [True] * 3
    assert evaluate(trained, train)[0] < evaluate(net, train)[0]
