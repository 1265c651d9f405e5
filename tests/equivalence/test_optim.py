"""SGD and torch.optim.SGD, each held to the reference; and arithmetic."""

from dataclasses import asdict
from importlib.util import find_spec

from equivalence.autograd import tensor
from equivalence.drawn import alike, laid_out, quiet, shared
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from judged import exactly, host, judge
from nets import sgd_step

from scratchnet.optim import SGD

pytestmark = quiet


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
    """{"PyTorch": new parameters and velocities} of torch.optim.SGD in this state."""
    if find_spec("torch") is None:
        return {}
    import torch

    # A step changes them, and its velocities, where they lie.
    leaves = {name: tensor(p).clone() for name, p in parameters.items()}
    options = asdict(sgd)
    rate = options.pop("learning_rate")
    theirs = torch.optim.SGD(leaves.values(), lr=rate, **options)
    for name, gradient in gradients.items():
        leaves[name].grad = tensor(gradient)
    for name, velocity in velocities.items():
        theirs.state[leaves[name]]["momentum_buffer"] = tensor(velocity).clone()
    theirs.step()
    buffers = {
        name: theirs.state[p].get("momentum_buffer") for name, p in leaves.items()
    }
    return {"PyTorch": (leaves, {n: v for n, v in buffers.items() if v is not None})}


SHAPES = array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3)


@shared
@given(
    sgd=optimizers(),
    parameters=laid_out(st.lists(SHAPES, min_size=1, max_size=3)),
    data=st.data(),
)
def test_every_step_is_within(any_target, sgd, parameters, data):
    """Of several, each from the state that ours is in; some have no gradient."""
    parameters = dict(zip("abc", parameters.on(any_target), strict=False))
    velocities = {}
    for _ in range(3):
        gradients = {
            name: data.draw(alike(p), label=f"gradient of {name}").on(any_target)[0]
            for name, p in parameters.items()
            if data.draw(st.integers(0, 3), label="has a gradient")
        }
        before = parameters, gradients, velocities
        expected = sgd_step(sgd, *before)
        found = sgd.step(*before)
        results = {"ours": found} | pytorchs_step(sgd, *before)
        for allowed, *after in zip(expected, *results.values(), strict=True):
            for arrays in after:
                assert arrays.keys() == allowed.keys()
            for name, bound in allowed.items():
                judge(
                    bound,
                    like=parameters[name],
                    **{w: x[name] for w, x in zip(results, after, strict=True)},
                )
        parameters, velocities = found


HALVES = st.sampled_from((0.0, 0.5))
INTEGERS = st.integers(-3, 3).map(float)


@shared
@given(
    arrays=laid_out(SHAPES.map(lambda shape: (shape, shape)), INTEGERS),
    learning_rate=HALVES,
    momentum=HALVES,
    steps=st.integers(1, 5),
)
def test_under_a_constant_gradient_the_way_is_a_geometric_sum(
    any_target, arrays, learning_rate, momentum, steps
):
    """Velocity k is (1 + m + ... + m^(k-1)) g: the sums of these are polynomials.

    Of small integers and halves they have bits enough: nothing rounds.
    """
    p, g = arrays.on(any_target)
    sgd = SGD(learning_rate, momentum=momentum)
    parameters, velocities = {"p": p}, {}
    for _ in range(steps):
        parameters, velocities = sgd.step(parameters, {"p": g}, velocities)
    way = sum((1 - momentum**k) / (1 - momentum) for k in range(1, steps + 1))
    expected = host(p).astype(float) - learning_rate * way * host(g).astype(float)
    judge(exactly(any_target.array(expected)), like=p, ours=parameters["p"])
