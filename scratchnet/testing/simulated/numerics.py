"""How simulated devices compute: as NumPy does, but for one thing each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from math import prod
from typing import Any

import numpy as np

from scratchnet.testing.formats import FLOAT16, Format, format_of

#: What a device does with a function: its name, the function of NumPy, the arguments.
Arithmetic = Callable[..., Any]

PRODUCTS = frozenset({"matmul", "tensordot", "vecdot"})
SUMS = PRODUCTS | {
    *("sum", "mean", "var", "std", "prod", "cumulative_sum", "cumulative_prod"),
}
#: What else is computed, and not only moved, beside NumPy's ufuncs.
_COMPUTED = SUMS | {"max", "min", "sign", "clip"}


def faithful(name: str, function: Arithmetic, /, *args: Any, **options: Any) -> Any:
    """As NumPy, which adds float16 up in float16: here that is done in float32."""
    dtypes = [x.dtype for x in args if isinstance(x, np.ndarray)]
    if name not in SUMS or np.float16 not in dtypes:
        return function(*args, **options)
    dtype = options.pop("dtype", None) or np.result_type(*dtypes)
    return function(*map(_widened, args), **options).astype(dtype)


def _widened(x: Any) -> Any:
    return x.astype(np.float32) if _is_real(x) and x.dtype == np.float16 else x


def tf32(name: str, function: Arithmetic, /, *args: Any, **options: Any) -> Any:
    """The factors of products are rounded to 11 bits, as tensor cores do."""
    factors = map(_in_11_bits, args) if name in PRODUCTS else args
    return faithful(name, function, *factors, **options)


def _in_11_bits(x: Any) -> Any:
    if not _is_real(x):
        return x
    form = format_of(x.dtype)
    short = Format("tf32", FLOAT16.precision, form.min_exponent, form.max_exponent)
    return short.rounded(x).astype(x.dtype)


def flushing(name: str, function: Arithmetic, /, *args: Any, **options: Any) -> Any:
    """Subnormal numbers are 0, those that come in and those that come out."""
    if name not in _COMPUTED and not isinstance(function, np.ufunc):
        return faithful(name, function, *args, **options)
    return _flushed(faithful(name, function, *map(_flushed, args), **options))


def _flushed(x: Any) -> Any:
    if not _is_real(x):
        return x
    return np.where(
        np.abs(x) < np.finfo(x.dtype).tiny, np.copysign(x.dtype.type(0), x), x
    )


def half_sums(name: str, function: Arithmetic, /, *args: Any, **options: Any) -> Any:
    """Sums, means and products are added up in float16, whatever their dtype."""
    dtypes = [x.dtype for x in args if isinstance(x, np.ndarray)]
    if name not in _IN_HALF or not all(dtype.kind == "f" for dtype in dtypes):
        return faithful(name, function, *args, **options)
    dtype = options.pop("dtype", None) or np.result_type(*dtypes)
    return _IN_HALF[name](*args, **options).astype(dtype)


def _sum(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
    """One by one: NumPy itself adds a contiguous row up in float32."""
    every = (
        range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    )
    axes = tuple(i % x.ndim for i in every)
    first = np.moveaxis(x, axes, range(len(axes)))
    added, kept = first.shape[: len(axes)], first.shape[len(axes) :]
    rows = first.reshape(prod(added), *kept).astype(np.float16)
    total = reduce(np.add, rows, np.zeros(kept, np.float16))
    return np.expand_dims(total, axes) if keepdims else np.asarray(total)


def _mean(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
    total = _sum(x, axis=axis, keepdims=keepdims)
    counted = np.ones(x.shape, np.int64).sum(axis=axis, keepdims=keepdims)
    return total.astype(x.dtype) / counted


def _vecdot(x: Any, y: Any, /, *, axis: int = -1) -> Any:
    return _sum(x * y, axis=axis)


def _matmul(x: Any, y: Any, /) -> Any:
    if y.ndim == 1:
        return _vecdot(x, y)
    if x.ndim == 1:
        return _vecdot(x[:, None], y, axis=-2)
    return _vecdot(x[..., :, :, None], y[..., None, :, :], axis=-2)


def _tensordot(x: Any, y: Any, /, *, axes: Any = 2) -> Any:
    pairs = (
        (range(x.ndim - axes, x.ndim), range(axes)) if isinstance(axes, int) else axes
    )
    (left, right), count = map(tuple, pairs), len(tuple(pairs[0]))
    x = np.moveaxis(x, left, range(x.ndim - count, x.ndim))
    y = np.moveaxis(y, right, range(count))
    rows, columns = x.shape[: x.ndim - count], y.shape[count:]
    inner = prod(y.shape[:count])
    flat = _matmul(x.reshape(prod(rows), inner), y.reshape(inner, prod(columns)))
    return flat.reshape(*rows, *columns)


_IN_HALF: dict[str, Arithmetic] = {
    "sum": _sum,
    "mean": _mean,
    "vecdot": _vecdot,
    "matmul": _matmul,
    "tensordot": _tensordot,
}


def floating(x: Any, /) -> int:
    """How many floating numbers something holds: none, where it is no such array."""
    is_array = isinstance(x, np.ndarray | np.generic)
    return int(x.size) if is_array and x.dtype.kind in "fc" else 0


def _is_real(x: Any) -> bool:
    return isinstance(x, np.ndarray | np.generic) and x.dtype.kind == "f"


def each(x: Any, /) -> Iterator[Any]:
    """What is in tuples and lists, however deep; or the thing itself."""
    if isinstance(x, tuple | list):
        for part in x:
            yield from each(part)
    else:
        yield x
