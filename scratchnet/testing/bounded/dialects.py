"""What NumPy and PyTorch call otherwise than the standard, or do besides."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np

from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.calls import by_standard, first_bounded, meant
from scratchnet.testing.bounded.given import UnboundedError
from scratchnet.testing.bounded.operands import lifted
from scratchnet.testing.bounded.shaping import moved
from scratchnet.testing.bounded.spoken import is_torch, language
from scratchnet.testing.bounded.standard import FUNCTIONS, refusal

Function = Callable[..., Any]
Extremes = namedtuple("Extremes", ["values", "indices"])


def _itself(x: Bounded, /, *_: Any, **__: Any) -> Bounded:
    return x


def _copied(x: Bounded, /, *_: Any, **__: Any) -> Bounded:
    return x.owned()


def _contiguous(x: Bounded, /, *_: Any, **__: Any) -> Bounded:
    return x if x.value.flags.c_contiguous else x.owned(order="C")


def _flat(x: Bounded, /, *args: Any, **options: Any) -> Bounded:
    """The method flatten: NumPy's is a copy, PyTorch's a view where one can be."""
    if is_torch():
        return _flattened(x, *args, **options)
    if args or options:
        raise refusal("flatten in another order")
    return _flattened(x.owned(order="C"))


def _raveled(x: Bounded, /) -> Bounded:
    """A view of what is contiguous, a copy of what is not."""
    return _flattened(_contiguous(x))


def _numpys_copy(x: Bounded, /, order: str = "C") -> Bounded:
    """The method, whose order is not that of the function."""
    return x.owned(order=order)


def _flipped(x: Bounded, /, *dims: Any, **options: Any) -> Bounded:
    """PyTorch's, which is a copy."""
    axes = options.get("dims", _sides(dims))
    axes = axes if isinstance(axes, int) else tuple(axes)
    return moved(x, lambda part: np.flip(part, axes).copy())


def _swapped(x: Bounded, first: int, second: int, /) -> Bounded:
    return moved(x, lambda part: np.swapaxes(part, first, second))


def _numpys_transpose(x: Bounded, /, *axes: Any) -> Bounded:
    order = axes[0] if len(axes) == 1 else axes or None
    return moved(x, lambda part: np.transpose(part, order))


def _transposed(x: Bounded, /, *axes: Any) -> Bounded:
    """The method transpose: all axes of NumPy's, or two that PyTorch's swaps."""
    if language():
        return _swapped(x, *axes) if is_torch() else _numpys_transpose(x, *axes)
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


def _unsqueezed(x: Bounded, /, dim: int) -> Bounded:
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
        if "other" in options:
            return FUNCTIONS[name + "imum"](x, options["other"])
        _, over = by_standard("torch", name, (x, *args), options)
        values = FUNCTIONS[name](x, **over)
        if over.get("axis") is None:
            return values
        return Extremes(values, FUNCTIONS["arg" + name](x, **over))

    return extreme


def _clipped(
    x: Bounded, low: Any = None, high: Any = None, /, **bounds: Any
) -> Bounded:
    limits = {"min": low, "max": high}
    for name, value in bounds.items():
        known = name.removeprefix("a_")
        if known not in limits:
            raise refusal(f"clip with {name}=")
        limits[known] = value if limits[known] is None else limits[known]
    found: Bounded = FUNCTIONS["clip"](x, limits["min"], limits["max"])
    return found


def _varied(name: str) -> Function:
    """PyTorch's var and std divide by n - 1 unless told otherwise."""

    def vary(x: Bounded, /, *args: Any, **options: Any) -> Bounded:
        if (args and isinstance(args[0], bool)) or len(args) > 1:
            raise refusal(f"{name} with unbiased= by place")
        unbiased = options.pop("unbiased", True)
        _, over = by_standard("torch", name, (x, *args), options)
        if over.get("correction", 0) is None:
            del over["correction"]
        found: Bounded = FUNCTIONS[name](x, **{"correction": int(unbiased), **over})
        return found

    return vary


def _with_alpha(name: str) -> Function:
    """PyTorch's add and sub, whose second operand may be scaled."""

    def scaled(x: Any, y: Any, /, *, alpha: Any = 1) -> Any:
        if alpha != 1:
            y = lifted(y, first_bounded((x, y))) * alpha
        return FUNCTIONS[name](x, y)

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


def _gathered(x: Bounded, /, dim: int, index: Any) -> Bounded:
    """PyTorch's gather, whose index may be shorter along the other axes."""
    place = lifted(index, x)
    part = tuple(
        slice(None) if i == dim % x.ndim else slice(side)
        for i, side in enumerate(place.shape)
    )
    found: Bounded = FUNCTIONS["take_along_axis"](x[part], place, axis=dim)
    return found


def _taken_along(
    x: Any, indices: Any, /, axis: Any = -1, *, dim: Any = None
) -> Bounded:
    found: Bounded = FUNCTIONS["take_along_axis"](
        lifted(x, first_bounded((x, indices))),
        indices,
        axis=axis if dim is None else dim,
    )
    return found


def _taken(x: Any, indices: Any, /, axis: Any = None) -> Bounded:
    like = first_bounded((x, indices))
    found: Bounded = FUNCTIONS["take"](lifted(x, like), indices, axis=axis)
    return found


def _squeezed(x: Bounded, /, dim: Any = None) -> Bounded:
    """PyTorch's, which leaves other sides than 1 alone."""
    named = range(x.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
    axes = tuple(i for i in named if x.shape[i] == 1)
    return moved(x, lambda part: np.squeeze(part, axes))


def _cast(name: str) -> Function:
    return lambda x, /: FUNCTIONS["astype"](x, name, copy=False)


def _moved_to(x: Bounded, /, *args: Any, **options: Any) -> Bounded:
    """PyTorch's to: of dtypes and of the host."""
    copied = options.pop("copy", False) or any(each is True for each in args)
    found = x
    for each in (*args, *options.values()):
        if str(each) not in ("cpu", "None", "True", "False"):
            found = FUNCTIONS["astype"](x, each, copy=False)
    return found.owned() if copied and found is x else found


SPECIAL: Mapping[str, Function] = MappingProxyType(
    {
        "clamp": _clipped,
        "clip": _clipped,
        "clone": _copied,
        "contiguous": _contiguous,
        "copy": _copied,
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
        "ravel": _raveled,
        "reciprocal": lambda x, /: 1.0 / x,
        "rsub": lambda x, y, /: FUNCTIONS["subtract"](y, x),
        "shape": lambda x, /: x.shape,
        "swapaxes": _swapped,
        "t": lambda x, /: x.T,
        "take": _taken,
        "take_along_axis": _taken_along,
        "take_along_dim": _taken_along,
        "torch.add": _with_alpha("add"),
        "torch.flip": _flipped,
        "torch.max": _torchs_extreme("max"),
        "torch.min": _torchs_extreme("min"),
        "torch.squeeze": _squeezed,
        "torch.std": _varied("std"),
        "torch.sub": _with_alpha("subtract"),
        "torch.transpose": _swapped,
        "torch.var": _varied("var"),
        "unsqueeze": _unsqueezed,
    }
)
METHODS: Mapping[str, Function] = MappingProxyType(
    {
        "astype": lambda x, dtype, /, **options: FUNCTIONS["astype"](
            x, dtype, copy=options.get("copy", True)
        ),
        "bfloat16": _cast("bfloat16"),
        "cpu": _itself,
        "dim": lambda x, /: x.ndim,
        "double": _cast("float64"),
        "copy": _numpys_copy,
        "flatten": _flat,
        "flip": _flipped,
        "float": _cast("float32"),
        "half": _cast("float16"),
        "long": _cast("int64"),
        "permute": _numpys_transpose,
        "reshape": _shaped,
        "item": lambda x, /: np.asarray(x).item(),
        "to": _moved_to,
        "tolist": lambda x, /: np.asarray(x).tolist(),
        "transpose": _transposed,
        "type": lambda x, dtype, /: FUNCTIONS["astype"](x, dtype, copy=False),
        "view": _shaped,
    }
)
