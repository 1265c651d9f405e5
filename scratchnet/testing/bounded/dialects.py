"""What NumPy and PyTorch call otherwise than the standard, or do besides."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np

from scratchnet.testing.bounded.array import Bounded, UnboundedError
from scratchnet.testing.bounded.operands import lifted
from scratchnet.testing.bounded.shaping import moved
from scratchnet.testing.bounded.standard import FUNCTIONS, refusal

Function = Callable[..., Any]
Extremes = namedtuple("Extremes", ["values", "indices"])

#: Keywords of PyTorch and NumPy for those of the standard.
KEYWORDS: Mapping[str, str] = MappingProxyType(
    {"dim": "axis", "dims": "axes", "keepdim": "keepdims", "ddof": "correction"}
)
#: Functions whose axis may stand second, without its keyword.
BY_AXIS = frozenset(
    (
        *("all", "any", "argmax", "argmin", "expand_dims", "flip", "max", "mean"),
        *("min", "squeeze", "std", "sum", "var"),
    )
)
#: Those whose list of arrays comes before the axis.
OF_LISTS = frozenset(("concat", "stack"))
#: Options that change nothing here, by the values at which they do not.
IGNORED: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "casting": ("same_kind",),
        "copy": (None, True, False),
        "device": (None, "cpu"),
        "layout": (None,),
        "memory_format": (None,),
        "order": (None, "K", "C"),
        "out": (None,),
        "requires_grad": (False,),
        "subok": (True, False),
        "where": (True,),
    }
)


def first_bounded(arguments: Any, /) -> Bounded:
    """The first bound-carrying array among arguments, also inside a list of them."""
    for each in arguments:
        if isinstance(each, Bounded):
            return each
        if isinstance(each, list | tuple):
            for inner in each:
                if isinstance(inner, Bounded):
                    return inner
    raise refusal("a function of no bound-carrying array")


def meant(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that mean something; refused where they mean what has no bound."""
    kept = {}
    for key, value in options.items():
        if value is np._NoValue:
            continue
        if key not in IGNORED:
            kept[key] = value
        elif isinstance(value, Bounded | np.ndarray) or str(value) not in map(
            str, IGNORED[key]
        ):
            raise refusal(f"{name} with {key}=")
    return kept


def by_standard(
    name: str, args: Any, options: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Arguments and options as the standard has them, which takes an axis by name."""
    found = {KEYWORDS.get(key, key): value for key, value in options.items()}
    if name in BY_AXIS | OF_LISTS and len(args) > 1:
        found.update(zip(("axis", "keepdims"), args[1:], strict=False))
        if len(args) > 3:
            raise refusal(f"{name} of {len(args)} arguments")
        args = args[:1]
    for old, new in (("input", 0), ("a", 0), ("tensors", 0)):
        if old in found:
            args = (*args[:new], found.pop(old), *args[new:])
    if "other" in found:
        args = (*args, found.pop("other"))
    if isinstance(found.get("axis"), list):
        found["axis"] = tuple(found["axis"])
    if found.get("dtype", 0) is None:
        del found["dtype"]
    return args, found


def _itself(x: Bounded, /, *_: Any, **__: Any) -> Bounded:
    return x


def _swapped(x: Bounded, first: int, second: int, /) -> Bounded:
    return moved(x, lambda part: np.swapaxes(part, first, second))


def _numpys_transpose(x: Bounded, /, *axes: Any) -> Bounded:
    order = axes[0] if len(axes) == 1 else axes or None
    return moved(x, lambda part: np.transpose(part, order))


def _transposed(x: Bounded, /, *axes: Any) -> Bounded:
    """The method transpose: all axes of NumPy's, or two that PyTorch's swaps."""
    if len(axes) == 2 and x.ndim == 2 and axes[0] % 2 < axes[1] % 2:
        raise UnboundedError(
            "Bounded",
            f"the method transpose{axes} means two things",
            "required one that both libraries understand alike",
            "write x.T",
        )
    if len(axes) == 2 and x.ndim != 2:
        return _swapped(x, *axes)
    return _numpys_transpose(x, *axes)


def _unsqueezed(x: Bounded, dim: int, /) -> Bounded:
    return moved(x, lambda part: np.expand_dims(part, dim))


def _sides(shape: Any) -> Any:
    return shape[0] if len(shape) == 1 else shape


def _shaped(x: Bounded, /, *shape: Any, **options: Any) -> Bounded:
    sides = options.pop("shape", None) or _sides(shape)
    meant("reshape", options)
    return moved(x, lambda part: np.reshape(part, sides))


def _flattened(x: Bounded, start: int = 0, end: int = -1, /, **options: Any) -> Bounded:
    first = options.get("start_dim", start)
    last = options.get("end_dim", end) % max(x.ndim, 1)
    sides = (*x.shape[:first], prod(x.shape[first : last + 1]), *x.shape[last + 1 :])
    return moved(x, lambda part: np.reshape(part, sides))


def _broadcast(x: Bounded, /, *shape: Any) -> Bounded:
    """PyTorch's expand, where -1 keeps a side."""
    sides = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
    kept = (1,) * (len(sides) - x.ndim) + x.shape
    wanted = tuple(k if s == -1 else s for k, s in zip(kept, sides, strict=True))
    return moved(x, lambda part: np.broadcast_to(part, wanted))


def _torchs_extreme(name: str) -> Function:
    """PyTorch's max and min along an axis: values and indices."""

    def extreme(x: Bounded, /, *args: Any, **options: Any) -> Any:
        if args and not isinstance(args[0], int):
            return FUNCTIONS[name + "imum"](x, args[0])
        _, over = by_standard(name, (x, *args), options)
        values = FUNCTIONS[name](x, **over)
        if over.get("axis") is None:
            return values
        return Extremes(values, FUNCTIONS["arg" + name](x, **over))

    return extreme


def _clipped(
    x: Bounded, low: Any = None, high: Any = None, /, **bounds: Any
) -> Bounded:
    for names in (("min", "a_min"), ("max", "a_max")):
        given = [bounds.pop(name) for name in names if bounds.get(name) is not None]
        if given and names[0] == "min":
            low = given[0]
        elif given:
            high = given[0]
    found: Bounded = FUNCTIONS["clip"](x, low, high)
    return found


def _varied(name: str) -> Function:
    """PyTorch's var and std divide by n - 1 unless told otherwise."""

    def vary(x: Bounded, /, *args: Any, **options: Any) -> Bounded:
        if (args and isinstance(args[0], bool)) or len(args) > 1:
            raise refusal(f"{name} with unbiased= by place")
        unbiased = options.pop("unbiased", True)
        _, over = by_standard(name, (x, *args), options)
        if over.get("correction", 0) is None:
            del over["correction"]
        found: Bounded = FUNCTIONS[name](x, **{"correction": int(unbiased), **over})
        return found

    return vary


def _with_alpha(name: str) -> Function:
    """PyTorch's add and sub, whose second operand may be scaled."""

    def scaled(x: Any, y: Any, /, *, alpha: Any = 1) -> Any:
        return FUNCTIONS[name](x, y if alpha == 1 else y * alpha)

    return scaled


def _dotted(x: Any, y: Any, /) -> Any:
    """NumPy's and PyTorch's dot, as far as it is a product of matrices."""
    ranks = {
        np.ndim(each) if not hasattr(each, "ndim") else each.ndim for each in (x, y)
    }
    if max(ranks) > 2:
        raise refusal("dot of more than two axes")
    return FUNCTIONS["multiply" if 0 in ranks else "matmul"](x, y)


def _outer(x: Any, y: Any, /) -> Any:
    return x.reshape(-1, 1) * y.reshape(1, -1)


def _gathered(x: Bounded, dim: int, index: Any, /) -> Bounded:
    """PyTorch's gather, whose index may be shorter along the other axes."""
    place = lifted(index, x)
    part = tuple(
        slice(None) if i == dim % x.ndim else slice(side)
        for i, side in enumerate(place.shape)
    )
    found: Bounded = FUNCTIONS["take_along_axis"](x[part], place, axis=dim)
    return found


def _taken_along(x: Any, indices: Any, axis: Any = -1, /, **options: Any) -> Bounded:
    found: Bounded = FUNCTIONS["take_along_axis"](
        lifted(x, first_bounded((x, indices))),
        indices,
        axis=options.get("axis", options.get("dim", axis)),
    )
    return found


def _taken(x: Bounded, indices: Any, axis: Any = None, /, **options: Any) -> Bounded:
    found: Bounded = FUNCTIONS["take"](x, indices, axis=options.get("axis", axis))
    return found


def _cast(name: str) -> Function:
    return lambda x, /: FUNCTIONS["astype"](x, name)


def _moved_to(x: Bounded, /, *args: Any, **options: Any) -> Bounded:
    """PyTorch's to: of dtypes and of the host."""
    for each in (*args, *options.values()):
        if str(each) not in ("cpu", "None", "True", "False"):
            x = FUNCTIONS["astype"](x, each)
    return x


SPECIAL: Mapping[str, Function] = MappingProxyType(
    {
        "clamp": _clipped,
        "clip": _clipped,
        "clone": _itself,
        "contiguous": _itself,
        "copy": _itself,
        "detach": _itself,
        "dot": _dotted,
        "expand": _broadcast,
        "flatten": _flattened,
        "gather": _gathered,
        "getitem": lambda x, index, /: lifted(x, first_bounded((index,)))[index],
        "ndim": lambda x, /: x.ndim,
        "numel": lambda x, /: x.size,
        "numpy.size": lambda x, /: x.size,
        "numpy.transpose": _numpys_transpose,
        "outer": _outer,
        "ravel": lambda x, /: _flattened(x),
        "reciprocal": lambda x, /: 1.0 / x,
        "rsub": lambda x, y, /: FUNCTIONS["subtract"](y, x),
        "shape": lambda x, /: x.shape,
        "swapaxes": _swapped,
        "t": lambda x, /: x.T,
        "take": _taken,
        "take_along_axis": _taken_along,
        "take_along_dim": _taken_along,
        "torch.add": _with_alpha("add"),
        "torch.max": _torchs_extreme("max"),
        "torch.min": _torchs_extreme("min"),
        "torch.std": _varied("std"),
        "torch.sub": _with_alpha("subtract"),
        "torch.transpose": _swapped,
        "torch.var": _varied("var"),
        "unsqueeze": _unsqueezed,
    }
)
METHODS: Mapping[str, Function] = MappingProxyType(
    {
        "astype": lambda x, dtype, /, **_: FUNCTIONS["astype"](x, dtype),
        "bfloat16": _cast("bfloat16"),
        "cpu": _itself,
        "dim": lambda x, /: x.ndim,
        "double": _cast("float64"),
        "float": _cast("float32"),
        "half": _cast("float16"),
        "long": _cast("int64"),
        "permute": _numpys_transpose,
        "reshape": _shaped,
        "to": _moved_to,
        "transpose": _transposed,
        "type": lambda x, dtype, /: FUNCTIONS["astype"](x, dtype),
        "view": _shaped,
    }
)
