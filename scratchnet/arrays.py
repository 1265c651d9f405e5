"""The ground: the only file that knows array libraries apart.

Everything above it is written once against the Python array API standard and asks
here for a namespace, for memory order, and for the way to NumPy and back.
"""

from __future__ import annotations

import functools
import importlib
import platform
import sys
import warnings
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, TypeAlias, TypeVar, cast

import array_api_compat
import numpy as np

from scratchnet.errors import ArgumentTypeError, UnavailableError

#: An array of any library that follows the array API standard.
Array: TypeAlias = Any
#: A module or object holding the functions of the array API standard.
Namespace: TypeAlias = Any
#: From the cotangent of a result to the cotangents of the array arguments.
Pullback: TypeAlias = Callable[[Array], tuple[Array, ...]]

F = TypeVar("F", bound=Callable[..., Any])

LIBRARIES = ("numpy", "torch")

# What has been found out before: asking array_api_compat anew for every operation
# costs as much as a small operation itself. An array of NumPy or PyTorch has the
# namespace of its type; other libraries are asked each time.
_namespaces: dict[type, Namespace] = {}
_kinds: dict[tuple[type, Any, Any], bool] = {}


def array_namespace(*arrays: Array) -> Namespace:
    """The array API namespace that all these arrays belong to.

    Raises TypeError for no arrays, for other objects, and for mixed libraries.
    """
    found = {type(x) for x in arrays}
    if len(found) == 1 and (known := _namespaces.get(found.pop())) is not None:
        return known
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
    dtypes = {x.dtype for x in arrays.values()}
    if len(dtypes) > 1:
        raise _mixed(where, "dtypes", arrays, lambda x: dtype_name(x.dtype))
    if len({device(x) for x in arrays.values()}) > 1:
        raise _mixed(where, "devices", arrays, lambda x: str(device(x)))
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


def _mixed(
    where: str, what: str, arrays: Mapping[str, Array], of: Callable[[Array], str]
) -> ArgumentTypeError:
    found = ", ".join(f"{name}: {of(x)}" for name, x in arrays.items())
    return ArgumentTypeError(where, f"mixed {what} ({found})", "required one for all")


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
    if not hasattr(xp, name):
        raise UnavailableError(
            "from_numpy", f"dtype={name!r}", f"which {_short(xp)} does not have"
        )
    try:
        # A copy: torch.asarray would share memory with x, and refuse read-only x.
        return xp.asarray(
            np.array(x, order="C"), dtype=getattr(xp, name), device=device
        )
    except (RuntimeError, AssertionError, ValueError) as error:
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


def compiled(function: F) -> F:
    """Function through torch.compile: one graph for each set of shapes, no fallback.

    Raises UnavailableError where PyTorch or a C++ compiler is missing.
    """
    namespace_named("torch")
    import torch

    # Dynamo counts compilations by code object and gives up after eight. With one of
    # its own this function does not share the count with its like, as closures do.
    own = FunctionType(
        function.__code__.replace(),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    options: dict[str, Any] = {
        # What is read more than once is computed once, not again in every inner loop.
        "realize_reads_threshold": 1,
        # Functions and tables of modules stay what they were at compilation: to check
        # all of them anew takes as long as a small step.
        "guard_filter_fn": torch.compiler.skip_guard_on_globals_unsafe,
    }
    graph = torch.compile(own, fullgraph=True, dynamic=False, options=options)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with warnings.catch_warnings():
            # With warnings as errors either of these would end the compilation: that
            # Dynamo traces through the cached look-ups of array_api_compat, and that
            # PyTorch itself still uses torch.jit.
            warnings.filterwarnings(
                "ignore", "Dynamo detected a call to a `functools.lru"
            )
            warnings.filterwarnings("ignore", "`torch.jit.script")
            try:
                return graph(*args, **kwargs)
            except Exception as error:
                if "InvalidCxxCompiler" not in repr(error):
                    raise
                raise UnavailableError(
                    "compile", "there is no C++ compiler", "required by torch.compile"
                ) from None

    return cast(F, call)


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
