"""What the host reads of a device is counted, whichever library has the device."""

import numpy as np
import pytest

from scratchnet.arrays import to_numpy
from scratchnet.testing import Target
from scratchnet.testing.subject import NUMPY_1
from scratchnet.testing.transfers import reads


def counted(target, function, *arrays):
    where = Target.named(target)
    placed = [where.array(np.asarray(x)) for x in arrays]
    with reads(where) as found:
        function(*placed)
    return found.numbers + found.singles


X = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    "place",
    ["simulated:gpu:float32", "strict:device1:float64", "strict:no_float64:float32"],
)
class TestDevices:
    @pytest.mark.parametrize(
        ("read", "count"),
        [
            (to_numpy, 6),
            (np.from_dlpack, 6),
            (lambda x: [float(x[0, i]) for i in range(3)], 3),
            (lambda x: bool(x[0, 0]), 1),
            (lambda x: int(x[1, 1]), 1),
            (lambda x: bool((x > 0)[0, 0]), 0),
            (lambda x: x + x, 0),
            (lambda x: x[0, :], 0),
        ],
    )
    def test_what_is_read_is_counted(self, place, read, count):
        pytest.importorskip("array_api_strict")
        assert counted(place, read, X) == count

    def test_integers_are_not(self, place):
        pytest.importorskip("array_api_strict")
        assert counted(place, to_numpy, np.arange(3)) == 0


def test_the_strict_library_is_as_it_was():
    """Also where what ran inside raised."""
    xp = pytest.importorskip("array_api_strict")
    kind, where = type(xp.asarray(0.0)), Target.named("strict:device1:float64")
    before = dict(vars(kind)), xp.asarray
    with reads(where):
        assert vars(kind)["__float__"] is not before[0]["__float__"]
    with pytest.raises(ZeroDivisionError), reads(where):
        raise ZeroDivisionError
    assert (dict(vars(kind)), xp.asarray) == before


def test_a_move_to_the_host_of_the_strict_library_is_seen():
    xp = pytest.importorskip("array_api_strict")
    host = xp.Device("CPU_DEVICE")
    device = "strict:device1:float64"
    assert counted(device, lambda x: xp.asarray(x, device=host), X) == 6
    assert counted(device, lambda x: xp.asarray(x, copy=True), X) == 0


@pytest.mark.skipif(NUMPY_1, reason="its own to_device needs NumPy 2")
def test_a_method_that_moves_to_the_host_is_seen():
    xp = pytest.importorskip("array_api_strict")
    host, other = map(xp.Device, ("CPU_DEVICE", "device2"))
    device = "strict:device1:float64"
    assert counted(device, lambda x: x.to_device(host), X) == 6
    assert counted(device, lambda x: x.to_device(other), X) == 0


def test_numpys_arrays_are_on_the_host():
    assert counted("numpy:float64", to_numpy, X) == 0


class TestPyTorch:
    """Without a GPU the CPU is the device that is watched: what leaves it goes to meta,
    as what leaves a GPU goes to the CPU."""

    @pytest.mark.parametrize(
        ("read", "count"),
        [
            (lambda x: x.to("meta"), 6),
            (lambda x: x.double(), 0),
            (lambda x: x.clone(), 0),
            (lambda x: x[0, 0].item(), 1),
            (lambda x: [float(each) for each in x[0]], 3),
            (lambda x: bool(x[0, 0] > 0), 0),
            (lambda x: x.long().to("meta"), 0),
            (lambda x: x.new_empty(2, 3, device="meta").copy_(x), 6),
            (lambda x: x.new_empty(2, 3).copy_(x), 0),
            (lambda x: x @ x.T, 0),
        ],
    )
    def test_what_leaves_is_counted(self, read, count):
        pytest.importorskip("torch")
        assert counted("torch:cpu:float32", read, X) == count

    def test_what_autograd_moves_is_counted(self):
        """A pullback that leaves the device, in an operation of its own."""
        torch = pytest.importorskip("torch")
        x = torch.ones(2, 3, requires_grad=True)

        class Away(torch.autograd.Function):
            @staticmethod
            def forward(_, x):
                return x * 2

            @staticmethod
            def backward(_, g):
                return g.to("meta").new_zeros((2, 3), device="cpu")

        y = Away.apply(x).sum()
        with reads(Target.named("torch:cpu:float32")) as found:
            y.backward()
        assert found.numbers == 6
