"""Arrays of simulated devices: the standard's object, and nothing beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from scratchnet.arrays import is_array
from scratchnet.testing.simulated.device import HOST, Device, named

_TO_HOST = "copy it to the host first: np.from_dlpack(x), or x.to_device('cpu')"
_NUMBERS = (bool, int, float, complex)


class Array:
    """An array on a simulated device.

    As with CUDA's, NumPy does not take it for one of its own, views share its memory,
    and what reads its numbers on the host is counted by the device.
    """

    __slots__ = ("__weakref__", "_data", "device")

    def __init__(self, data: Any, device: Device, /) -> None:
        self._data = np.asarray(data)
        self.device = device
        device.allocations += bool(self._data.flags.owndata)

    @property
    def dtype(self) -> Any:
        """NumPy's dtype of the numbers."""
        return self._data.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """The sides."""
        return self._data.shape

    @property
    def ndim(self) -> int:
        """How many sides there are."""
        return self._data.ndim

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return self._data.size

    @property
    def T(self) -> Array:  # noqa: N802 - the standard's name
        """The transpose of a matrix, a view."""
        return Array(self._data.T, self.device)

    @property
    def mT(self) -> Array:  # noqa: N802
        """The last two sides changed, a view."""
        return Array(np.swapaxes(self._data, -1, -2), self.device)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        del api_version
        return _namespace()

    # The way to the host.

    def _on_host(self) -> Any:
        """The numbers, for the host to read."""
        if self.device is not HOST:
            self.device.show(self._data)
        return self._data

    def to_device(self, device: Any, /, *, stream: Any = None) -> Array:
        """A copy on another device; itself where it lives there."""
        del stream
        there = named(device)
        if there is self.device:
            return self
        data = self._on_host() if there is HOST else self._data
        return Array(data.copy(), there)

    def __dlpack__(self, **options: Any) -> Any:
        # A copy, which is writeable: what lies on the device stays there.
        given = {name: x for name, x in options.items() if x is not None}
        return self._on_host().copy().__dlpack__(**given)

    def __dlpack_device__(self) -> Any:
        return self._data.__dlpack_device__()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        del copy
        if self.device is not HOST:
            raise TypeError(
                f"an array on {self.device} is none of NumPy's\n  {_TO_HOST}"
            )
        return np.array(self._data, dtype)

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, **options: Any
    ) -> Any:
        # np.sqrt(2.0) * x: a number of NumPy on the left is as good as one of Python.
        if method == "__call__" and isinstance(inputs[0], np.generic):
            return _function(ufunc.__name__)(*inputs, **options)
        where = f"np.{ufunc.__name__} of an array on {self.device}"
        raise TypeError(f"{where}\n  {_TO_HOST}")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"{name!r} is no attribute of arrays in the array API standard\n"
            f"  a function of its namespace may be what is wanted: xp.{name}(x)"
        )

    def __float__(self) -> float:
        return float(self._on_host().item())

    def __int__(self) -> int:
        return int(self._on_host().item())

    def __complex__(self) -> complex:
        return complex(self._on_host().item())

    def __bool__(self) -> bool:
        return bool(self._on_host().item())

    def __index__(self) -> int:
        return int(self._on_host().__index__())

    def __repr__(self) -> str:
        shown = np.array2string(self._on_host(), separator=", ", threshold=64)
        return f"Array({shown}, {self.dtype}, device={self.device})"

    # The inside.

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[Array]:
        # Without it a 0-d array would be an empty sequence.
        return (self[i] for i in range(len(self)))

    def __format__(self, how: str) -> str:
        return format(self._on_host().item(), how) if how else str(self)

    def __getitem__(self, key: Any, /) -> Array:
        return Array(self._data[self._key(key)], self.device)

    def __setitem__(self, key: Any, value: Any, /) -> None:
        one_device("assignment", (self, value))
        with np.errstate(all="ignore"):
            self._data[self._key(key)] = bare(value)

    def _key(self, key: Any) -> tuple[Any, ...]:
        one_device("indexing", (self, key))
        parts = bare(key) if isinstance(key, tuple) else (bare(key),)
        # With an ellipsis a single number is a view as well, not a number of NumPy.
        return parts if any(part is ... for part in parts) else (*parts, ...)


def _namespace() -> Any:
    from scratchnet.testing.simulated.namespace import XP

    return XP


def bare(x: Any, /) -> Any:
    """What NumPy computes with: the memory of arrays, also of those in lists."""
    if isinstance(x, Array):
        return x._data
    if isinstance(x, tuple | list):
        return type(x)(map(bare, x))
    return x


def one_device(where: str, things: Any, /) -> Device | None:
    """The device of all arrays among these things; None where there is none.

    Raises TypeError for arrays of several, and for those of other libraries.
    """
    found: Device | None = None
    for x in things:
        on = (
            one_device(where, x)
            if isinstance(x, tuple | list)
            else _device_of(where, x)
        )
        if on is not None and found not in (None, on):
            raise TypeError(
                f"{where}: arrays on {found} and on {on}, required one device"
            )
        found = on or found
    return found


def _device_of(where: str, x: Any) -> Device | None:
    if isinstance(x, Array):
        return x.device
    # A single number of NumPy is as good as one of Python; its dtypes are types.
    if is_array(x) and not isinstance(x, np.generic | type):
        kind = f"{type(x).__module__}.{type(x).__name__}"
        raise TypeError(
            f"{where}: a {kind} among arrays of a device, required one library"
        )
    return None


def overlap(x: Array, y: Array, /) -> bool:
    """Whether two arrays lie in the same memory."""
    return bool(np.shares_memory(bare(x), bare(y)))


def _function(name: str) -> Callable[..., Array]:
    function: Callable[..., Array] = getattr(_namespace(), name)
    return function


def _is_operand(x: Any) -> bool:
    return isinstance(x, _NUMBERS) or is_array(x)


def _prefix(name: str) -> Callable[[Array], Array]:
    return lambda x: _function(name)(x)


def _operator(name: str) -> Callable[[Array, Any], Any]:
    return lambda x, y: _function(name)(x, y) if _is_operand(y) else NotImplemented


def _reflected(name: str) -> Callable[[Array, Any], Any]:
    return lambda x, y: _function(name)(y, x) if _is_operand(y) else NotImplemented


def _in_place(name: str) -> Callable[[Array, Any], Any]:
    def operate(x: Array, y: Any) -> Any:
        if not _is_operand(y):
            return NotImplemented
        np.copyto(bare(x), bare(_function(name)(x, y)), casting="same_kind")
        return x

    return operate


_PREFIXES = {
    "abs": "abs",
    "neg": "negative",
    "pos": "positive",
    "invert": "bitwise_invert",
}
_COMPARISONS = {
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
}
_OPERATORS = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "pow",
    "matmul": "matmul",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift",
}
for _symbol, _name in _PREFIXES.items():
    setattr(Array, f"__{_symbol}__", _prefix(_name))
for _symbol, _name in {**_COMPARISONS, **_OPERATORS}.items():
    setattr(Array, f"__{_symbol}__", _operator(_name))
for _symbol, _name in _OPERATORS.items():
    setattr(Array, f"__r{_symbol}__", _reflected(_name))
    setattr(Array, f"__i{_symbol}__", _in_place(_name))
