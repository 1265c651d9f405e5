"""Results on a side stream of CUDA are those of the usual one, to the bit."""

import numpy as np
import pytest

from scratchnet import matmul, reductions, softmax_vjp
from scratchnet.arrays import to_numpy
from scratchnet.losses import cross_entropy_vjp
from scratchnet.testing import Target

pytestmark = pytest.mark.device("cuda")


def drawn(*shape):
    """Numbers on CUDA that take a kernel some time to add up."""
    target = Target.named("torch:cuda:float32")
    return target.array(np.random.default_rng(0).standard_normal(shape))


def gradient(x):
    y, pullback = softmax_vjp(x)
    return pullback(y)[0]


def loss(x):
    labels = Target.named("torch:cuda:float32").array(np.arange(len(x)) % x.shape[1])
    y, pullback = cross_entropy_vjp(x, labels)
    return pullback(y)[0]


@pytest.mark.parametrize(
    "f", [softmax_vjp, gradient, loss, lambda x: matmul(x, x.T), reductions.sum]
)
def test_a_side_stream_gives_the_same_bits(f):
    """Nothing of ours is launched on another stream than the one that is current."""
    import torch

    x = drawn(700, 300)
    expected = first(f(x))
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        # What comes before it on this stream only: a launch elsewhere would not wait.
        busy = drawn(3000, 3000)
        for _ in range(20):
            busy = busy @ busy * 1e-2
        late = x + 0 * busy[0, 0].nan_to_num(0, 0, 0)
        found = first(f(late))
    torch.cuda.current_stream().wait_stream(side)
    np.testing.assert_array_equal(to_numpy(found), to_numpy(expected))


def first(found):
    """The value, of what may have come with its pullback."""
    return found[0] if isinstance(found, tuple) else found
