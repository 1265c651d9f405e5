"""SGD against torch.optim.SGD, and against arithmetic."""

import pytest
from equivalence.drawn import alike, laid_out
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from interim import agree, wide

from scratchnet.optim import SGD


@st.composite
def optimizers(draw):
    """SGD of any hyper-parameters that PyTorch's takes too."""
    nesterov = draw(st.booleans())
    none = st.just(0.0)
    momentum = st.floats(0.125, 1) if nesterov else none | st.floats(0, 1)
    return SGD(
        draw(st.floats(0, 2)),
        momentum=draw(momentum),
        dampening=draw(none if nesterov else none | st.floats(-1, 2)),
        nesterov=nesterov,
        weight_decay=draw(none | st.floats(0, 1)),
        maximize=draw(st.booleans()),
    )


def pytorchs_step(sgd, parameters, gradients, velocities):
    """The new parameters and velocities of torch.optim.SGD, put into this state."""
    torch = pytest.importorskip("torch")
    leaves = {name: torch.tensor(wide(p)) for name, p in parameters.items()}
    theirs = torch.optim.SGD(
        leaves.values(),
        lr=sgd.learning_rate,
        momentum=sgd.momentum,
        dampening=sgd.dampening,
        nesterov=sgd.nesterov,
        weight_decay=sgd.weight_decay,
        maximize=sgd.maximize,
    )
    for name, gradient in gradients.items():
        leaves[name].grad = torch.tensor(wide(gradient))
    for name, velocity in velocities.items():
        theirs.state[leaves[name]]["momentum_buffer"] = torch.tensor(wide(velocity))
    theirs.step()
    buffers = {
        name: theirs.state[p].get("momentum_buffer") for name, p in leaves.items()
    }
    return leaves, {name: v for name, v in buffers.items() if v is not None}


def magnitudes(sgd, parameters, gradients, velocities):
    """How large the numbers are that new parameters and velocities are made of."""
    sizes, speeds = {}, {}
    for name, p in parameters.items():
        arrays = p, gradients.get(name, 0 * p), velocities.get(name, 0 * p)
        p, g, v = (abs(wide(x)) for x in arrays)
        g = g + sgd.weight_decay * p
        v = sgd.momentum * v + (1 + abs(sgd.dampening)) * g
        sizes[name] = p + sgd.learning_rate * (g + (1 + sgd.momentum) * v)
        speeds[name] = v
    return sizes, speeds


SHAPES = array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3)


@given(
    sgd=optimizers(),
    parameters=laid_out(st.lists(SHAPES, min_size=1, max_size=3)),
    data=st.data(),
)
def test_every_step_is_pytorchs(target, sgd, parameters, data):
    """Of several, each from the state that ours is in; some have no gradient."""
    parameters = dict(zip("abc", parameters.on(target), strict=False))
    velocities = {}
    for _ in range(3):
        gradients = {
            name: data.draw(alike(p), label=f"gradient of {name}").on(target)[0]
            for name, p in parameters.items()
            if data.draw(st.integers(0, 3), label="has a gradient")
        }
        expected, buffers = pytorchs_step(sgd, parameters, gradients, velocities)
        found, found_velocities = sgd.step(parameters, gradients, velocities)
        assert found.keys() == expected.keys()
        assert found_velocities.keys() == buffers.keys()
        sizes, speeds = magnitudes(sgd, parameters, gradients, velocities)
        for name, p in parameters.items():
            agree(found[name], expected[name], magnitude=sizes[name], like=p)
        for name, v in buffers.items():
            like = parameters[name]
            agree(found_velocities[name], v, magnitude=speeds[name], like=like)
        parameters, velocities = found, found_velocities


@given(
    arrays=laid_out(SHAPES.map(lambda shape: (shape, shape))),
    learning_rate=st.floats(0, 1),
    momentum=st.floats(0, 0.875),
    steps=st.integers(1, 5),
)
def test_under_a_constant_gradient_the_way_is_a_geometric_sum(
    target, arrays, learning_rate, momentum, steps
):
    """Velocity k is (1 + m + ... + m^(k-1)) g: the sums of these are polynomials."""
    p, g = arrays.on(target)
    sgd = SGD(learning_rate, momentum=momentum)
    parameters, velocities = {"p": p}, {}
    for _ in range(steps):
        parameters, velocities = sgd.step(parameters, {"p": g}, velocities)
    way = sum((1 - momentum**k) / (1 - momentum) for k in range(1, steps + 1))
    expected = wide(p) - learning_rate * way * wide(g)
    magnitude = abs(wide(p)) + learning_rate * way * abs(wide(g))
    agree(parameters["p"], expected, magnitude=magnitude, like=p)
