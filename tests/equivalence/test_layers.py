"""Layers and their composition against NumPy's and PyTorch's."""

from functools import partial
from itertools import chain, pairwise

import numpy as np
from equivalence.autograd import autograd
from equivalence.drawn import any_of, cotangent, laid_out
from hypothesis import given
from hypothesis import strategies as st
from interim import agree, wide

from scratchnet.activations import leaky_relu_vjp, relu_vjp
from scratchnet.layers import Function, Linear, Sequential
from scratchnet.testing.strategies.shapes import operand_shapes
from scratchnet.walking import state

SIDES = st.integers(0, 4)


@st.composite
def linear_shapes(draw):
    """Shapes of rows in any loop dimensions, of weights and of a bias."""
    (loop,) = draw(operand_shapes("()->()"))
    inputs, outputs = draw(SIDES), draw(SIDES)
    return (*loop, inputs), (outputs, inputs), (outputs,)


@given(arrays=laid_out(linear_shapes()))
def test_linear_is_numpys_product_and_sum(target, arrays):
    x, weight, bias = arrays.on(target)

    def linear(x, weight, bias):
        return np.matmul(x, weight.T) + bias

    expected = linear(*map(wide, (x, weight, bias)))
    magnitude = linear(*map(wide, map(abs, (x, weight, bias))))
    agree(Linear(weight, bias)(x), expected, magnitude=magnitude, like=x)
    plain = linear(wide(x), wide(weight), 0)
    agree(Linear(weight)(x), plain, magnitude=magnitude, like=x)


@given(arrays=laid_out(linear_shapes()), data=st.data())
def test_linear_and_its_pullback_are_pytorchs(target, arrays, data):
    x, weight, bias = arrays.on(target)
    y, pullback = Linear(weight, bias).vjp(x)
    g = cotangent(data, y, target)

    def builtin(torch, *arrays):
        return torch.nn.functional.linear(*arrays)

    value, expected = autograd(builtin, (x, weight, bias), g)
    size, sizes = autograd(builtin, tuple(map(abs, (x, weight, bias))), abs(g))
    agree(y, value, magnitude=size, like=x)
    dx, gradients = pullback(g)
    assert list(gradients) == ["weight", "bias"]
    found = (dx, *gradients.values())
    for actual, dp, magnitude in zip(found, expected, sizes, strict=True):
        agree(actual, dp, magnitude=magnitude, like=x)


# Small integers, and halves of them: products and sums of these are exact.
GRID = st.integers(-3, 3).map(float)
ACTIVATIONS = {
    "relu": (relu_vjp, lambda torch: torch.relu),
    "leaky_relu": (
        partial(leaky_relu_vjp, slope=0.5),
        lambda torch: partial(torch.nn.functional.leaky_relu, negative_slope=0.5),
    ),
}


@st.composite
def net_shapes(draw):
    """Shapes of a batch, and of weights and biases that can be composed."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    linear = [((outputs, inputs), (outputs,)) for inputs, outputs in pairwise(sizes)]
    return (draw(SIDES), sizes[0]), *chain.from_iterable(linear)


@given(
    arrays=laid_out(net_shapes(), GRID), activation=any_of(ACTIVATIONS), data=st.data()
)
def test_backpropagation_through_a_net_is_autograds_to_the_bit(
    target, arrays, activation, data
):
    """On exact numbers there is nothing to round, and kinks are hit, not missed."""
    f_vjp, builtin = activation
    x, *parameters = arrays.on(target)
    pairs = list(zip(parameters[::2], parameters[1::2], strict=True))
    layers = [layer for pair in pairs for layer in (Linear(*pair), Function(f_vjp))]
    net = Sequential((Sequential(tuple(layers[:-2])), layers[-2]))
    y, pullback = net.vjp(x)
    (g,) = data.draw(laid_out(st.just((tuple(y.shape),)), GRID)).on(target)

    def pytorchs(torch, x, *parameters):
        *inner, last = zip(parameters[::2], parameters[1::2], strict=True)
        for weight, bias in inner:
            x = builtin(torch)(torch.nn.functional.linear(x, weight, bias))
        return torch.nn.functional.linear(x, *last)

    value, expected = autograd(pytorchs, (x, *parameters), g)
    dx, gradients = pullback(g)
    agree(net(x), value, magnitude=0, like=x)
    agree(y, value, magnitude=0, like=x)
    agree(dx, expected[0], magnitude=0, like=x)
    assert gradients.keys() == state(net).keys()
    for name, dp in zip(state(net), expected[1:], strict=True):
        agree(gradients[name], dp, magnitude=0, like=x)
