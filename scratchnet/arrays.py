"""The ground: the only file that knows array libraries apart.

Everything above it is written once against the Python array API standard and asks
here for a namespace, for memory order, and for the way to NumPy and back.
"""

from __future__ import annotations

import importlib
import platform
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, TypeAlias

import array_api_compat
import numpy as np

from scratchnet.errors import ArgumentError, ArgumentTypeError, UnavailableError

#: An array of any library that follows the array API standard.
Array: TypeAlias = Any
#: A module or object holding the functions of the array API standard.
Namespace: TypeAlias = Any
#: From the cotangent of a result to the cotangents of the array arguments.
Pullback: TypeAlias = Callable[[Array], tuple[Array, ...]]

LIBRARIES = ("numpy", "torch")
DTYPES = frozenset(
    f"{kind}{bits}"
    for kind, sizes in {
        "float": (16, 32, 64),
        "bfloat": (16,),
        "int": (8, 16, 32, 64),
        "uint": (8, 16, 32, 64),
    }.items()
    for bits in sizes
) | {"bool"}

# What has been found out before: asking array_api_compat anew for every operation
# costs as much as a small operation itself. An array whose namespace is a module has
# that of its type; those with a namespace of their own are asked each time.
_namespaces: dict[type, Namespace] = {}
_kinds: dict[tuple[type, Any, Any], bool] = {}


def array_namespace(*arrays: Array) -> Namespace:
    """The array API namespace that all these arrays belong to.

    Raises TypeError for no arrays, for other objects, and for mixed libraries.
    """
    found = {type(x) for x in arrays}
    if len(found) == 1 and (known := _namespaces.get(found.pop())) is not None:
        return known
    if len(arrays) == 1 and library(*arrays) not in LIBRARIES:
        (x,) = arrays
        if hasattr(x, "__array_namespace__"):
            own = x.__array_namespace__()
            # A module is that of all arrays of the type; an object may be of this one.
            if isinstance(own, ModuleType) and not is_compiling():
                _namespaces[type(x)] = own
            return own
    xp = array_api_compat.array_namespace(*arrays)
    if not is_compiling():
        for x in arrays:
            if array_api_compat.is_numpy_array(x) or array_api_compat.is_torch_array(x):
                _namespaces[type(x)] = xp
    return xp


def is_array(x: object) -> bool:
    """Whether x is an array of a library that follows the array API standard."""
    return type(x) in _namespaces or bool(array_api_compat.is_array_api_obj(x))


def operands(
    where: str, /, *, kind: Any = "real floating", **arrays: Array
) -> Namespace:
    """The namespace of the named arguments of `where`, once they fit together.

    Raises ArgumentTypeError, naming the arguments, unless all are arrays of one
    library, one dtype of the given kind (array API `isdtype`), and one device.
    """
    first, *others = arrays.values()
    if type(first) in _namespaces:
        on, dtype = device(first), first.dtype
        if _kinds.get((type(first), dtype, kind)) and all(
            type(x) is type(first) and x.dtype == dtype and device(x) == on
            for x in others
        ):
            return _namespaces[type(first)]
    return _checked(where, kind, arrays)


def _checked(where: str, kind: Any, arrays: Mapping[str, Array]) -> Namespace:
    """What `operands` does where it does not see at a glance that all is well."""
    xp = common_namespace(where, **arrays)
    dtypes = {x.dtype for x in arrays.values()}
    if len(dtypes) > 1:
        raise _mixed(where, "dtypes", arrays, lambda x: dtype_name(x.dtype))
    dtype = dtypes.pop()
    name, x = next(iter(arrays.items()))
    fits = bool(xp.isdtype(dtype, kind))
    if not is_compiling():
        _kinds[type(x), dtype, kind] = fits
    if not fits:
        kinds = kind if isinstance(kind, str) else " or ".join(kind)
        raise ArgumentTypeError(
            where, f"{name}.dtype={dtype_name(x.dtype)}", f"required a {kinds} dtype"
        )
    return xp


def common_namespace(where: str, /, **arrays: Array) -> Namespace:
    """The namespace of the named arguments of `where`, whatever their dtypes.

    Raises ArgumentTypeError, naming the arguments, unless all are arrays of one library
    on one device.
    """
    for name, x in arrays.items():
        if not is_array(x):
            raise ArgumentTypeError(
                where,
                f"{name} is a {type(x).__name__}",
                "required an array of NumPy, PyTorch or another array API library",
            )
    try:
        xp = array_namespace(*arrays.values())
    except TypeError:
        raise _mixed(where, "libraries", arrays, library) from None
    if len({device(x) for x in arrays.values()}) > 1:
        raise _mixed(where, "devices", arrays, lambda x: str(device(x)))
    return xp


def _mixed(
    where: str, what: str, arrays: Mapping[str, Array], of: Callable[[Array], str]
) -> ArgumentTypeError:
    found = ", ".join(f"{name}: {of(x)}" for name, x in arrays.items())
    return ArgumentTypeError(where, f"mixed {what} ({found})", "required one for all")


def pullback_of(where: str, y: Array, pullback: Pullback, /) -> Pullback:
    """The pullback of the result y, which first looks whether its cotangent fits y."""

    def checked(g: Array) -> tuple[Array, ...]:
        require_cotangent(where, g, y)
        return pullback(g)

    return checked


def require_cotangent(where: str, g: Array, y: Array, /) -> None:
    """Raise unless g is a cotangent of the result y.

    Raises ArgumentTypeError for another library, dtype or device than that of y, and
    ArgumentError for another shape, which would be broadcast or reinterpreted.
    """
    operands(where, cotangent=g, result=y)
    if g.shape != y.shape:
        raise ArgumentError(
            where,
            f"cotangent.shape={tuple(g.shape)}",
            f"required that of the result, {tuple(y.shape)}",
        )


def library(x: Array) -> str:
    """The name of the library that x is an array of, or of where its type is from."""
    return type(x).__module__.partition(".")[0]


def dtype_name(dtype: Any) -> str:
    """The dtype's name in the standard: 'float32', whatever the library calls it."""
    return str(getattr(dtype, "name", dtype)).rpartition(".")[2]


def device(x: Array) -> Any:
    """The device that x lives on, as its library names it."""
    try:
        return x.device
    except AttributeError:
        return array_api_compat.device(x)  # NumPy 1 has no such attribute


def scalar(value: float, /, *, like: Array) -> Array:
    """The number as a 0-d array of the dtype and on the device of `like`.

    NumPy 1 makes float64 of a 0-d float32 array and a Python number.
    """
    xp = array_namespace(like)
    return xp.full((), value, dtype=like.dtype, device=device(like))


def as_dtype(x: Array, dtype: Any, /) -> Array:
    """x in this dtype: itself where it has it already."""
    return x if x.dtype == dtype else array_namespace(x).astype(x, dtype)


def accumulator(xp: Namespace, dtype: Any) -> Any:
    """The dtype to add up in: float32 for the half-precision formats, else itself."""
    return xp.float32 if dtype_name(dtype) in ("float16", "bfloat16") else dtype


def total(x: Array, /, *, axis: Any = None, keepdims: bool = False) -> Array:
    """The sum of x in its own dtype, added up in its accumulator.

    NumPy adds float16 up in float16 along every axis but the last: 4096 ones are 2048.
    """
    xp = array_namespace(x)
    wide = accumulator(xp, x.dtype)
    return as_dtype(xp.sum(x, axis=axis, dtype=wide, keepdims=keepdims), x.dtype)


def row_major(x: Array, /) -> Array:
    """X with its last axis contiguous in memory, copied only where it is not so.

    Array-API `asarray(copy=True)` does not promise this: it keeps the strides of its
    argument. A library without strides is returned as it is.
    """
    if array_api_compat.is_numpy_array(x):
        return np.asarray(x, order="C")
    if array_api_compat.is_torch_array(x):
        return x.contiguous()
    return x


def namespace_named(name: str, /) -> Namespace:
    """The array API namespace of 'numpy' or 'torch'.

    Raises UnavailableError where the library is not installed.
    """
    if name not in LIBRARIES:
        raise UnavailableError(
            "namespace_named", f"library={name!r}", f"known: {', '.join(LIBRARIES)}"
        )
    try:
        return importlib.import_module(f"array_api_compat.{name}")
    except ModuleNotFoundError:
        raise UnavailableError(
            "namespace_named",
            f"library={name!r} is not installed",
            "required for this target",
            'pip install "scratchnet[torch]"',
        ) from None


def from_numpy(
    x: np.ndarray[Any, Any],
    *,
    xp: Namespace,
    dtype: str | None = None,
    device: Any = None,
) -> Array:
    """A row-major copy of x in namespace xp, of the named dtype, on the device.

    bfloat16, which NumPy lacks, comes from float32. Raises UnavailableError for a
    dtype that the library does not have and for a device that does not answer.
    """
    name = dtype or dtype_name(x.dtype)
    # The library itself will do for its namespace, if an old one lacks `device`.
    xp = namespace_named(xp.__name__) if xp.__name__ in LIBRARIES else xp
    if name not in DTYPES or not hasattr(xp, name):
        raise UnavailableError(
            "from_numpy", f"dtype={name!r}", f"which {_short(xp)} does not have"
        )
    try:
        # A copy: torch.asarray would share memory with x, and refuse read-only x.
        return xp.asarray(
            np.array(x, order="C"), dtype=getattr(xp, name), device=device
        )
    except (RuntimeError, AssertionError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise UnavailableError(
            "from_numpy",
            f"device={str(device)!r}",
            f"required a usable device: {reason}",
        ) from None


def _short(xp: Namespace) -> str:
    return str(xp.__name__).rpartition(".")[2]


def to_numpy(x: Array) -> np.ndarray[Any, Any]:
    """X as a row-major NumPy array on the host; bfloat16 becomes float32, exactly."""
    if array_api_compat.is_torch_array(x):
        x = x.detach().cpu()
        x = x.float() if dtype_name(x.dtype) == "bfloat16" else x
        return np.asarray(x.numpy(), order="C")
    if array_api_compat.is_numpy_array(x):
        return np.asarray(x, order="C")
    # array-api-strict refuses the host for its simulated devices, DLPack does not; a
    # read-only array it cannot export.
    return np.asarray(
        np.from_dlpack(array_namespace(x).asarray(x, copy=True)), order="C"
    )


def is_compiling() -> bool:
    """Whether torch.compile is tracing us, so that values cannot be looked at."""
    torch = sys.modules.get("torch")
    return torch is not None and bool(torch.compiler.is_compiling())


def numerics(xp: Namespace) -> dict[str, str]:
    """What decides the last bits of a result of this library on this machine."""
    found = {"numpy": np.__version__, "machine": platform.machine()}
    if array_api_compat.is_torch_namespace(xp):
        torch = sys.modules["torch"]
        found |= {
            "torch": torch.__version__,
            "torch threads": str(torch.get_num_threads()),
            "vector instructions": torch.backends.cpu.get_cpu_capability(),
        }
    return found
