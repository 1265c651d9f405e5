"""The array API namespace of simulated devices: NumPy's, wrapped as it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import array_api_compat.numpy as numpy_xp
import numpy as np

from scratchnet.testing.simulated.array import Array, bare, one_device
from scratchnet.testing.simulated.device import HOST, Device, named


class Namespace:
    """The functions of the standard, on the device of their arrays.

    What is made without an array is made on the host, unless a device is named.
    """

    def __init__(self, module: ModuleType) -> None:
        self.__name__ = "simulated"
        self._module = module

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if isinstance(found, ModuleType):
            found = Namespace(found)
        elif callable(found) and not isinstance(found, type):
            found = partial(_called, name, found)
        vars(self)[name] = found
        return found

    def asarray(
        self,
        x: Any,
        /,
        *,
        dtype: Any = None,
        device: Any = None,
        copy: bool | None = None,
    ) -> Array:
        """x on its device, or on the one that is named; of what is no array of a device
        a copy there."""
        if isinstance(x, Array):
            options = {"dtype": dtype, "device": device, "copy": copy}
            found: Array = _called("asarray", self._module.asarray, x, **options)
            return found
        return Array(np.array(x, dtype), HOST if device is None else named(device))

    def from_dlpack(
        self, x: Any, /, *, device: Any = None, copy: bool | None = None
    ) -> Array:
        """A copy of an array of any library, which must be on the host."""
        if not isinstance(x, Array):
            x = np.from_dlpack(x)
        return self.asarray(x, device=device, copy=copy)


def _called(
    name: str,
    function: Callable[..., Any],
    /,
    *args: Any,
    device: Any = None,
    **options: Any,
) -> Any:
    """What a function of NumPy's namespace gives on the device of its arguments.

    Raises TypeError for arrays of two devices, or of another library.
    """
    there = one_device(name, (args, list(options.values())))
    on = there or (HOST if device is None else named(device))
    plain = _weakly(name, function, bare(args))
    found = on.run(name, function, *plain, **{k: bare(x) for k, x in options.items()})
    return _placed(found, on, on if device is None else named(device))


def _weakly(name: str, function: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Numbers of Python in the floating dtype of the arrays beside them, which NumPy 1
    and some functions would widen."""
    if not (isinstance(function, np.ufunc) or name == "where"):
        return args
    dtypes = [
        x.dtype for x in args if isinstance(x, np.ndarray) and x.dtype.kind == "f"
    ]
    if not dtypes:
        return args
    dtype = np.result_type(*dtypes)
    return tuple(np.asarray(x, dtype) if _is_number(x) else x for x in args)


def _is_number(x: Any) -> bool:
    numbers = int | float | np.integer | np.floating
    return isinstance(x, numbers) and not isinstance(x, bool)


def _placed(x: Any, made: Device, wanted: Device) -> Any:
    """Results as arrays on a device, also those in tuples."""
    if isinstance(x, np.ndarray | np.generic):
        return Array(x, made).to_device(wanted)
    if isinstance(x, tuple | list):
        parts = [_placed(each, made, wanted) for each in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    return x


#: That of all simulated devices.
XP = Namespace(numpy_xp)
