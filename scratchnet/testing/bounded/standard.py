"""The functions of the array API standard that have derived bounds, by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from textwrap import fill
from types import MappingProxyType
from typing import Any

import numpy as np

from scratchnet.arrays import dtype_name
from scratchnet.testing.bounded import (
    cumulative,
    extremes,
    products,
    quotients,
    reductions,
    selection,
    variance,
)
from scratchnet.testing.bounded import elementwise as by_element
from scratchnet.testing.bounded import functions as by_number
from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.assignment import as_it_lies
from scratchnet.testing.bounded.given import UnboundedError
from scratchnet.testing.bounded.leaving import plain_index
from scratchnet.testing.bounded.operands import as_real, real
from scratchnet.testing.bounded.rounding import one_rounding
from scratchnet.testing.bounded.shaping import joined, moved
from scratchnet.testing.bounded.shared import quiet
from scratchnet.testing.bounded.spoken import is_torch
from scratchnet.testing.formats import FORMATS, Format, format_of

Function = Callable[..., Any]


def _unary(function: Function) -> Function:
    return lambda x, /: function(as_real(x))


def _reducing(function: Function) -> Function:
    @wraps(function)
    def reduced(x: Bounded, /, **options: Any) -> Any:
        return as_it_lies(function(x, **options), x)

    return reduced


def _comparison(function: Function) -> Function:
    return lambda x, y, /: selection.compared(function, x, y)


def _logical(function: Function) -> Function:
    return lambda x, y, /: selection.logical(function, x, y)


def _bitwise(function: Function) -> Function:
    return lambda x, y, /: selection.bitwise(function, x, y)


def _predicate(function: Function) -> Function:
    return lambda x, /: selection.predicate(function, x)


def _moving(function: Function) -> Function:
    """NumPy's function that only moves elements."""
    return lambda x, /, *args, **options: moved(
        x, lambda part: function(part, *args, **options)
    )


def _variance(x: Bounded, /, **options: Any) -> Bounded:
    return variance.variance(as_real(x), **{"updating": True, **options})


def _deviation(x: Bounded, /, **options: Any) -> Bounded:
    return variance.deviation(as_real(x), **{"updating": True, **options})


def _total(
    x: Bounded,
    /,
    *,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
) -> Bounded:
    x = x if dtype is None else astype(x, dtype)
    return reductions.sum_of(x, axis=axis, keepdims=keepdims)


def _cumulated(x: Bounded, /, *, axis: int | None = None, dtype: Any = None) -> Bounded:
    x = x if dtype is None else astype(x, dtype)
    return cumulative.cumulative_sum(x, axis=axis)


def _mean(
    x: Bounded,
    /,
    *,
    axis: Any = None,
    dtype: Any = None,
    keepdims: bool = False,
) -> Bounded:
    # That of a mask is float64, as NumPy's.
    dtype = "float64" if dtype is None and not x.is_real else dtype
    x = x if dtype is None else astype(x, dtype)
    return reductions.mean(x, axis=axis, keepdims=keepdims)


def _take(x: Bounded, indices: Any, /, *, axis: int | None = None) -> Bounded:
    place = plain_index(indices)
    return moved(x, lambda part: np.take(part, place, axis=axis))


def _take_along_axis(x: Bounded, indices: Any, /, *, axis: int = -1) -> Bounded:
    place = plain_index(indices)
    return moved(x, lambda part: np.take_along_axis(part, place, axis))


def _concat(arrays: Sequence[Any], /, *, axis: int | None = 0) -> Bounded:
    like = next(each for each in arrays if isinstance(each, Bounded))
    return joined(arrays, lambda parts: np.concatenate(parts, axis=axis), like)


def _stack(arrays: Sequence[Any], /, *, axis: int = 0) -> Bounded:
    like = next(each for each in arrays if isinstance(each, Bounded))
    return joined(arrays, lambda parts: np.stack(parts, axis=axis), like)


def astype(x: Bounded, dtype: Any, /, *, copy: bool = True) -> Bounded:
    """x in another dtype: exact into a wider format, rounded into a narrower one."""
    form = known_dtype(dtype)
    if not isinstance(form, Format):
        return x if form == x.dtype and not copy else _as_integers(x, form)
    if x.is_real and form == x.contract.format:
        return x.owned() if copy else x
    contract = x.contract.with_format(form)
    if not x.is_real:
        return real(Bounded(x.value, contract, x.error))
    over = x.may_overflow
    found = Bounded(x.value.astype(contract.oracle.dtype), contract, x.error)
    if form.max_exponent < x.contract.format.max_exponent or (
        form.precision < x.contract.format.precision
    ):
        return one_rounding(found, unknown=lambda: over)
    # What was infinite in the narrower format is not again finite.
    return Bounded(found.value, contract, np.where(over, np.inf, x.error))


def known_dtype(dtype: Any, /) -> Any:
    """The format of a library's dtype, or NumPy's dtype of labels and masks."""
    if isinstance(dtype, Format):
        return dtype
    name = dtype_name(dtype)
    if isinstance(dtype, type) or (isinstance(dtype, str) and dtype not in FORMATS):
        name = np.dtype(dtype).name
    return FORMATS[name] if name in FORMATS else np.dtype(name)


def _as_integers(x: Bounded, dtype: Any) -> Bounded:
    if dtype.kind not in "iub":
        format_of(dtype, where="astype")
    if x.is_real and not x.is_exact:
        raise UnboundedError(
            "astype",
            "numbers with a bound cannot become integers",
            "required exact values",
            "compare them instead",
        )
    return Bounded(x.value.astype(dtype), x.contract, x.error.copy("K"))


_FUNCTIONS: Mapping[str, Function] = {
    "abs": by_element.absolute,
    "add": by_element.add,
    "all": _reducing(selection.all_of),
    "any": _reducing(selection.any_of),
    "argmax": _reducing(extremes.argmax),
    "argmin": _reducing(extremes.argmin),
    "astype": astype,
    "bitwise_and": _bitwise(np.bitwise_and),
    "bitwise_or": _bitwise(np.bitwise_or),
    "bitwise_invert": selection.bitwise_invert,
    "bitwise_xor": _bitwise(np.bitwise_xor),
    "broadcast_to": _moving(np.broadcast_to),
    "clip": selection.clip,
    "concat": _concat,
    "cos": _unary(by_number.cos),
    "cumulative_sum": _reducing(_cumulated),
    "divide": quotients.divide,
    "equal": _comparison(np.equal),
    "erf": _unary(by_number.erf),
    "erfc": _unary(by_number.erfc),
    "exp": _unary(by_number.exp),
    "expand_dims": lambda x, /, *, axis: moved(
        x, lambda part: np.expand_dims(part, axis)
    ),
    "expm1": _unary(by_number.expm1),
    "flip": _moving(np.flip),
    "greater": _comparison(np.greater),
    "greater_equal": _comparison(np.greater_equal),
    "isfinite": _predicate(np.isfinite),
    "isinf": _predicate(np.isinf),
    "isnan": _predicate(np.isnan),
    "less": _comparison(np.less),
    "less_equal": _comparison(np.less_equal),
    "linear": products.linear,
    "log": _unary(by_number.log),
    "log1p": _unary(by_number.log1p),
    "logical_and": _logical(np.logical_and),
    "logical_not": selection.logical_not,
    "logical_or": _logical(np.logical_or),
    "logical_xor": _logical(np.logical_xor),
    "matmul": products.matmul,
    "matrix_transpose": lambda x, /: x.mT,
    "max": _reducing(extremes.maximum_over),
    "maximum": selection.maximum,
    "mean": _reducing(_mean),
    "min": _reducing(extremes.minimum_over),
    "minimum": selection.minimum,
    "moveaxis": _moving(np.moveaxis),
    "multiply": by_element.multiply,
    "negative": by_element.negative,
    "not_equal": _comparison(np.not_equal),
    "permute_dims": _moving(np.transpose),
    "positive": lambda x, /: x if is_torch() else x.owned(),
    "pow": by_element.power,
    "reshape": lambda x, /, shape, *, copy=None: moved(
        x.owned() if copy else x, lambda part: np.reshape(part, shape)
    ),
    "sigmoid": _unary(by_number.sigmoid),
    "sign": by_number.sign,
    "sin": _unary(by_number.sin),
    "sqrt": _unary(by_number.sqrt),
    "square": by_element.square,
    "squeeze": _moving(np.squeeze),
    "stack": _stack,
    "std": _reducing(_deviation),
    "subtract": by_element.subtract,
    "sum": _reducing(_total),
    "take": _take,
    "take_along_axis": _take_along_axis,
    "tanh": _unary(by_number.tanh),
    "tensordot": products.tensordot,
    "to_power": by_element.to_power,
    "var": _reducing(_variance),
    "where": selection.where,
}

#: Every function that has a derived bound, by its name in the standard.
FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {name: quiet(function) for name, function in _FUNCTIONS.items()}
)


def refusal(name: str) -> UnboundedError:
    """The error for a function without a derived bound."""
    return UnboundedError(
        "Bounded",
        f"{name} has no derived bound",
        "required functions that have one",
        _INSTEAD.get(name, _otherwise()),
    )


def _otherwise() -> str:
    """What there is to write anything with."""
    names = sorted(FUNCTIONS.keys() - _BY_OPERATOR)
    text = f"write it with operators and {', '.join(names)}"
    return fill(text, 88, subsequent_indent="  ")


_BY_OPERATOR = frozenset(
    {
        *("add", "bitwise_and", "bitwise_invert", "bitwise_or", "bitwise_xor"),
        *("divide", "equal", "greater", "greater_equal", "less", "less_equal"),
        *("logical_and", "logical_not", "logical_or", "logical_xor", "multiply"),
        *("negative", "not_equal", "positive", "pow", "subtract", "to_power"),
    }
)
_INSTEAD = {
    "cumprod": "write exp(cumsum(log(x))), or multiply one by one",
    "einsum": "write matmul, tensordot, or a broadcast product and its sum",
    "fmax": "write maximum, which keeps NaN",
    "fmin": "write minimum, which keeps NaN",
    "prod": "write exp(sum(log(x))), or multiply one by one",
    "round": "compare before rounding: a rounded number hides its error",
    "sort": "write max, min, maximum and minimum",
    "the method item": "keep 0-d arrays as they are",
    "the method numpy": "compare with the function `within`",
    "the method tolist": "compare with the function `within`",
}
_INSTEAD |= {f"the method {name}": fix for name, fix in _INSTEAD.items()}
