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
    """How many floating numbers were read on the host, so far: in arrays of several,
    and one by one."""

    numbers: int = 0
    singles: int = 0

    def add(self, size: int, /) -> None:
        """An array of this size was read."""
        if size == 1:
            self.singles += 1
        else:
            self.numbers += size


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
    before = device.read, device.singles
    found = Reads()
    try:
        yield found
    finally:
        found.singles = device.singles - before[1]
        found.numbers = device.read - before[0] - found.singles


#: The methods that may give the numbers of an array to the host.
_LEAKS = (
    *("__dlpack__", "__float__", "__int__", "__bool__", "__complex__"),
    *("to_device", "__repr__"),
)


@contextmanager
def _of_strict() -> Iterator[Reads]:
    """By the methods of the class, which are put back afterwards: its devices give
    their numbers away without a word."""
    import array_api_strict as xp

    kind, found = type(xp.asarray(0.0)), Reads()

    def is_there(x: Any) -> bool:
        return isinstance(x, kind) and x.device != _host(xp)

    def counted(x: Any, result: Any) -> None:
        kinds = ("real floating", "complex floating")
        if is_there(x) and not is_there(result) and xp.isdtype(x.dtype, kinds):
            found.add(x.size)

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

        @classmethod
        def ignore_compile_internals(cls) -> bool:
            """True: else Dynamo compiles nothing while it is open, nor ever after."""
            return True

        def __torch_dispatch__(
            self, function: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            del types
            result = function(*args, **(kwargs or {}))
            name = function.overloadpacket.__name__
            for size in _read(self._device, name, args, result):
                self._found.add(size)
            return result

    return Watching


def _read(device: str, name: str, args: Any, result: Any) -> list[int]:
    """How many floating numbers an operation of PyTorch takes from a device, of each
    array."""
    if name == "_foreach_copy_":
        pairs = zip(args[1], args[0], strict=True)
        return [int(x.numel()) for x, to in pairs if _leaves(device, x, to)]
    if name == "_local_scalar_dense":
        return [1] if _leaves(device, args[0], None) else []
    if name not in ("_to_copy", "copy_"):
        return []
    source = args[1] if name == "copy_" else args[0]
    return [int(source.numel())] if _leaves(device, source, result) else []


def _leaves(device: str, source: Any, to: Any) -> bool:
    """Whether floating numbers of a device go elsewhere: to a number where there is no
    array."""
    is_real = source.is_floating_point() or source.is_complex()
    stays = to is not None and to.device.type == device
    return bool(source.device.type == device and is_real and not stays)
