"""Layers and their composition, ours, NumPy's and PyTorch's: each held to the
reference."""

from functools import partial
from itertools import chain, pairwise

from equivalence.autograd import autograd
from equivalence.drawn import any_of, laid_out, quiet, shared
from hypothesis import given
from hypothesis import strategies as st
from judged import judge
from nets import net as reference_net

from scratchnet.activations import leaky_relu_vjp, relu_vjp
from scratchnet.layers import Function, Linear, Sequential
from scratchnet.walking import state

pytestmark = quiet

SIDES = st.integers(0, 4)


# Small integers, and halves of them: products and sums of these are exact, if there are
# bits for them.
GRIDS = {"float16": 1, "float32": 3, "float64": 3}
ACTIVATIONS = {
    "relu": (relu_vjp, {}),
    "leaky_relu": (leaky_relu_vjp, {"slope": 0.5}),
}


@st.composite
def net_shapes(draw):
    """Shapes of a batch, and of weights and biases that can be composed."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    linear = [((outputs, inputs), (outputs,)) for inputs, outputs in pairwise(sizes)]
    return (draw(SIDES), sizes[0]), *chain.from_iterable(linear)


@shared
@given(name=any_of({name: name for name in ACTIVATIONS}), data=st.data())
def test_backpropagation_through_a_net_is_right_to_the_bit(any_target, name, data):
    """On exact numbers there is nothing to round, and kinks are hit, not missed.

    There the reference allows any slope between both sides; here ours is held to the
    one that its docstrings name, which is PyTorch's.
    """
    f_vjp, options = ACTIVATIONS[name]
    most = GRIDS[any_target.dtype]
    grid = st.integers(-most, most).map(float)
    x, *parameters = data.draw(laid_out(net_shapes(), grid)).on(any_target)
    pairs = list(zip(parameters[::2], parameters[1::2], strict=True))
    activation = Function(partial(f_vjp, **options))
    layers = [layer for pair in pairs for layer in (Linear(*pair), activation)]
    net = Sequential((Sequential(tuple(layers[:-2])), layers[-2]))
    y, pullback = net.vjp(x)
    (g,) = data.draw(laid_out(st.just((tuple(y.shape),)), grid)).on(any_target)

    def builtin(torch, x, *parameters):
        f = partial(getattr(torch.nn.functional, name), **_pytorchs_name(options))
        *inner, last = zip(parameters[::2], parameters[1::2], strict=True)
        for weight, bias in inner:
            x = f(torch.nn.functional.linear(x, weight, bias))
        return torch.nn.functional.linear(x, *last)

    named = {"activation": name, "kinks": False, **options}
    logits, way_back = reference_net(x, state(net), **named)
    expected, expected_gradients = way_back(g)
    assert all(o.is_exact for o in (logits, expected, *expected_gradients.values()))
    value, theirs = autograd(builtin, (x, *parameters), g)
    dx, gradients = pullback(g)
    assert gradients.keys() == state(net).keys()
    judge(logits, like=x, ours=net(x), ours_with_pullback=y, **value)
    judge(
        (expected, *expected_gradients.values()),
        like=x,
        ours=(dx, *(gradients[name] for name in expected_gradients)),
        **theirs,
    )


def _pytorchs_name(options):
    """PyTorch's name for the slope."""
    return {"negative_slope": options["slope"]} if options else {}
