"""Transfers: how many floating numbers of a device are read on the host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any

from scratchnet.testing import simulated
from scratchnet.testing.targets import Target


@dataclass
class Reads:
    """How many floating numbers were read on the host, so far."""

    numbers: int = 0


def reads(target: Target, /) -> AbstractContextManager[Reads]:
    """Counts the floating numbers of the target's device that are read on the host
    while it is open, known as it closes; of NumPy's, which are there anyway, none.

    Simulated devices count for themselves, array-api-strict's by their arrays'
    methods, PyTorch's by the operations that it dispatches.
    """
    if target.library == "simulated":
        return _of_simulated(simulated.DEVICES[target.device])
    if target.library == "strict":
        return _of_strict()
    if target.library == "torch":
        return _of_torch(target.device)
    return _of_nothing()


@contextmanager
def _of_nothing() -> Iterator[Reads]:
    yield Reads()


@contextmanager
def _of_simulated(device: simulated.Device) -> Iterator[Reads]:
    found, before = Reads(), device.read
    try:
        yield found
    finally:
        found.numbers = device.read - before


#: The methods that may give the numbers of an array to the host.
_LEAKS = (
    *("__dlpack__", "__float__", "__int__", "__bool__", "__complex__"),
    "to_device",
)


@contextmanager
def _of_strict() -> Iterator[Reads]:
    """By the methods of the class, which are put back afterwards: its devices give
    their numbers away without a word."""
    import array_api_strict as xp

    kind, found = type(xp.asarray(0.0)), Reads()

    def counted(x: Any, result: Any) -> None:
        stays = isinstance(result, kind) and result.device != _host(xp)
        if isinstance(x, kind) and x.device != _host(xp) and not stays:
            found.numbers += x.size * bool(xp.isdtype(x.dtype, "real floating"))

    places = [*((kind, name) for name in _LEAKS), (xp, "asarray")]
    plain = [getattr(owner, name) for owner, name in places]
    try:
        for (owner, name), function in zip(places, plain, strict=True):
            setattr(owner, name, _told(function, counted))
        yield found
    finally:
        for (owner, name), function in zip(places, plain, strict=True):
            setattr(owner, name, function)


def _host(xp: Any) -> Any:
    return xp.Device("CPU_DEVICE")


def _told(
    function: Callable[..., Any], of: Callable[[Any, Any], None]
) -> Callable[..., Any]:
    """The same function, which tells its first argument and its result."""

    @wraps(function)
    def telling(x: Any, *args: Any, **options: Any) -> Any:
        result = function(x, *args, **options)
        of(x, result)
        return result

    return telling


@contextmanager
def _of_torch(device: str) -> Iterator[Reads]:
    found = Reads()
    with _watching()(device, found):
        yield found


@cache
def _watching() -> Callable[[str, Reads], AbstractContextManager[Any]]:
    """The class that sees what PyTorch dispatches, autograd's operations too. Made
    where it is first asked for: importing this file imports no PyTorch."""
    from torch.utils._python_dispatch import TorchDispatchMode

    mode: Any = TorchDispatchMode

    class Watching(mode):  # type: ignore[misc]
        def __init__(self, device: str, found: Reads) -> None:
            super().__init__()
            self._device, self._found = device, found

        def __torch_dispatch__(
            self, function: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            del types
            result = function(*args, **(kwargs or {}))
            name = function.overloadpacket.__name__
            self._found.numbers += _read(self._device, name, args, result)
            return result

    return Watching


def _read(device: str, name: str, args: Any, result: Any) -> int:
    """How many floating numbers an operation of PyTorch takes from a device."""
    if name not in ("_to_copy", "copy_", "_local_scalar_dense"):
        return 0
    source = args[1] if name == "copy_" else args[0]
    if source.device.type != device or not source.is_floating_point():
        return 0
    stays = name != "_local_scalar_dense" and result.device.type == device
    return 0 if stays else int(source.numel())
