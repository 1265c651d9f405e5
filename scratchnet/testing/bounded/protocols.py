"""NumPy's and PyTorch's protocols: plain NumPy and torch code runs on bound-carrying
arrays, each function found by its name in the namespace.

Where the two libraries mean different things by one name, a function is known by its
library and a method by the keywords it is called with; what stays ambiguous is refused.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache, partial
from types import MappingProxyType
from typing import Any

from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.assignment import as_it_lies
from scratchnet.testing.bounded.calls import (
    BY_AXIS,
    by_standard,
    first_bounded,
    meant,
)
from scratchnet.testing.bounded.dialects import METHODS, SPECIAL
from scratchnet.testing.bounded.given import UnboundedError
from scratchnet.testing.bounded.models import MODELS
from scratchnet.testing.bounded.spoken import is_torch, language
from scratchnet.testing.bounded.standard import FUNCTIONS, refusal

__all__ = ["call_named", "first_bounded", "method_named", "numpy_ufunc"]

Function = Callable[..., Any]

#: Names of NumPy and PyTorch for functions that the standard calls otherwise.
ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "absolute": "abs",
        "amax": "max",
        "amin": "min",
        "bitwise_not": "bitwise_invert",
        "bmm": "matmul",
        "cat": "concat",
        "concatenate": "concat",
        "cumsum": "cumulative_sum",
        "div": "divide",
        "eq": "equal",
        "expit": "sigmoid",
        "ge": "greater_equal",
        "gt": "greater",
        "invert": "bitwise_invert",
        "le": "less_equal",
        "lt": "less",
        "mm": "matmul",
        "mul": "multiply",
        "mv": "matmul",
        "ne": "not_equal",
        "neg": "negative",
        "permute": "permute_dims",
        "power": "pow",
        "special_erf": "erf",
        "special_erfc": "erfc",
        "special_expit": "sigmoid",
        "special_log_softmax": "log_softmax",
        "special_logsumexp": "logsumexp",
        "special_softmax": "softmax",
        "sub": "subtract",
        "true_divide": "divide",
        "truediv": "divide",
    }
)


def numpy_ufunc(
    me: Bounded, ufunc: Any, method: str, args: Any, options: Mapping[str, Any]
) -> Any:
    """A NumPy ufunc, or its reduction."""
    name = ufunc.__name__
    if method == "__call__":
        return call_named(me, "numpy", name, args, options)
    reduced = {"add": "sum", "maximum": "max", "minimum": "min"}.get(name)
    if method != "reduce" or reduced is None:
        raise refusal(f"{name}.{method}")
    over = {"axis": 0, **dict(zip(("axis",), args[1:2], strict=False)), **options}
    return call_named(me, "numpy", reduced, args[:1], over)


def call_named(
    me: Bounded, library: str, name: str, args: Any, options: Mapping[str, Any]
) -> Any:
    """The function of this name of NumPy or PyTorch, of arrays of ours among others."""
    if name.endswith("_") and not name.startswith("_"):
        return _in_place(library, name, args, options)
    if isinstance(target := _target(options), Bounded):
        plain = {key: value for key, value in options.items() if key != "out"}
        target[...] = call_named(me, library, name, args, plain)
        return target
    name = name.strip("_")
    known, special, model = _meaning(library, name)
    if special is not None:
        return _called(special, name, args, meant(name, options))
    if model is not None:
        return as_it_lies(_called(model, name, args, options), *args)
    function = getattr(me.__array_namespace__(), known)
    if _is_standard(library, known, args, options):
        return _called(function, name, args, options)
    found = by_standard(library, known, args, meant(name, options))
    return _called(function, name, *found)


def _is_standard(library: str, known: str, args: Any, options: Any) -> bool:
    """Whether the call is one of the standard as it stands, as most of NumPy's are."""
    if not options:
        return len(args) == 1 or known not in BY_AXIS
    return (
        library == "numpy" and len(args) == 1 and options.keys() <= {"axis", "keepdims"}
    )


@cache
def _meaning(library: str, name: str) -> tuple[str, Function | None, Function | None]:
    """Its name in the standard, what is done instead, and the model of it."""
    known = ALIASES.get(name, name)
    special = SPECIAL.get(f"{library}.{name}") or SPECIAL.get(name)
    return known, special, MODELS.get(known)


def _target(options: Mapping[str, Any]) -> Any:
    """Where NumPy and PyTorch are to put the result."""
    out = options.get("out")
    return out[0] if isinstance(out, tuple) and len(out) == 1 else out


#: What PyTorch's methods put into an array whose other elements do not matter.
_PUT: Mapping[str, Function] = MappingProxyType(
    {
        "copy_": lambda _, new, /, *__: new,
        "fill_": lambda _, new, /: new,
        "zero_": lambda _, /: 0,
    }
)


#: Those that change the shape of their operand, not its elements.
_RESHAPING = frozenset(
    ("squeeze_", "unsqueeze_", "t_", "transpose_", "swapaxes_", "permute_", "resize_")
)


def _in_place(library: str, name: str, args: Any, options: Mapping[str, Any]) -> Any:
    """PyTorch's function whose name ends so: it works on its first operand."""
    target = args[0] if args else None
    if not isinstance(target, Bounded) or name in _RESHAPING:
        raise refusal(f"{name} in place")
    put = _PUT.get(name)
    target[...] = (
        call_named(target, library, name[:-1], args, options)
        if put is None
        else put(*args, **options)
    )
    return target


def _called(function: Function, name: str, args: Any, options: Any) -> Any:
    """The result; where the function does not take such arguments, a refusal."""
    try:
        return function(*args, **options)
    except TypeError as error:
        try:
            inspect.signature(function).bind(*args, **options)
        except TypeError as reason:
            raise refusal(f"{name} called so ({reason})") from error
        raise


def method_named(me: Bounded, name: str) -> Any:
    """The method of this name that NumPy's or PyTorch's arrays have."""
    if name.startswith("_"):
        raise AttributeError(name)
    if name in METHODS:
        return partial(METHODS[name], me)
    if name.endswith("_"):
        return lambda *args, **options: call_named(
            me, "torch", name, (me, *args), options
        )
    known = ALIASES.get(name, name)
    if known not in FUNCTIONS and name not in SPECIAL and known not in MODELS:
        raise refusal(f"the method {name}")

    def method(*args: Any, **options: Any) -> Any:
        library = _library_of(name, args, options)
        return call_named(me, library, name, (me, *args), options)

    return method


#: Methods that mean something else in the other library, unless a keyword tells which.
_TORN: Mapping[str, str] = MappingProxyType(
    {
        "max": "PyTorch's gives places too: write x.max(axis=1) or x.max(dim=1).values",
        "min": "PyTorch's gives places too: write x.min(axis=1) or x.min(dim=1).values",
        "std": "NumPy divides by n, PyTorch by n - 1: write np.std(x) or torch.std(x)",
        "var": "NumPy divides by n, PyTorch by n - 1: write np.var(x) or torch.var(x)",
    }
)


def _library_of(name: str, args: Any, options: Mapping[str, Any]) -> str:
    """Which library a method is meant of: the inputs tell, or else its keywords."""
    if language():
        return "torch" if is_torch() else "numpy"
    if options.keys() & {"alpha", "dim", "keepdim", "unbiased"}:
        return "torch"
    if options.keys() & {"axis", "keepdims", "ddof", "correction"}:
        return "numpy"
    if len(args) > 1 and isinstance(args[1], bool):
        return "torch"  # x.sum(0, True)
    if name in _TORN and (args or name in ("std", "var")):
        raise UnboundedError(
            "Bounded",
            f"the method {name} means two things",
            "required a keyword that tells the library, or its function",
            _TORN[name],
        )
    return "numpy"
