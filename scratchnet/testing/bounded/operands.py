"""What an operation is given: arrays and numbers, brought under one contract."""

from __future__ import annotations

import numbers
from functools import lru_cache
from typing import Any

import numpy as np

from scratchnet.arrays import dtype_name
from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.given import (
    UnboundedError,
    flushed,
    require_same_contract,
)
from scratchnet.testing.bounded.spoken import is_torch
from scratchnet.testing.contract import Contract
from scratchnet.testing.formats import FLOAT32, FLOAT64, format_of


def lifted(x: Any, like: Bounded, /, *, whole: bool = False) -> Bounded:
    """The operand x beside `like`, in its contract.

    A Python number may be rounded to the format or kept in double: both are covered;
    with `whole` an integer stays one. An array is exact.
    Raises ArgumentTypeError for another contract or format.
    """
    if isinstance(x, Bounded):
        require_same_contract("Bounded", like.contract, x.contract)
        return x
    if isinstance(x, bool):
        return Bounded(np.asarray(x), like.contract)
    if isinstance(x, int) and whole:
        # Beside an array a number takes its dtype.
        known = None if like.is_real or like.value.dtype == bool else like.value.dtype
        return Bounded(np.asarray(x, known), like.contract)
    if isinstance(x, numbers.Real) and (not isinstance(x, np.generic) or is_torch()):
        return constant(float(x), like.contract)
    if isinstance(x, np.floating) and format_of(x.dtype) != like.contract.format:
        raise UnboundedError(
            "Bounded",
            f"a {x.dtype} number beside {like.contract.format.name}",
            "required a number of Python, or one of that dtype: NumPy promotes others",
            "write float(x), or math.sqrt for np.sqrt",
        )
    return Bounded.exact(x, like.contract)


def constant(x: float, contract: Contract, /) -> Bounded:
    """A Python number, rounded to the format or not."""
    value = np.asarray(x, contract.oracle.dtype)
    return Bounded(value, contract, _constant_error(x, contract))


@lru_cache(maxsize=1024)
def _constant_error(x: float, contract: Contract) -> float:
    """How far the number may move by being rounded to the format, or flushed to 0."""
    wide = np.asarray(x, contract.oracle.dtype)
    rounded = contract.format.rounded
    nearest = [rounded(wide)]
    if contract.format.precision < FLOAT32.precision:
        # PyTorch rounds to float32 first; near the middle that turns the second one.
        nearest.append(rounded(FLOAT32.rounded(wide)))
    moved = (float(np.abs(near - wide)) for near in nearest if np.isfinite(near))
    return max(*moved, float(flushed(wide, contract)), 0.0)


def pair(x: Any, y: Any, /) -> tuple[Bounded, Bounded]:
    """Both operands as bound-carrying arrays of one contract."""
    like = x if isinstance(x, Bounded) else y
    whole = are_integers(x, y)
    return lifted(x, like, whole=whole), lifted(y, like, whole=whole)


def real(x: Bounded, /) -> Bounded:
    """x as numbers: of a mask 0 and 1, of integers themselves."""
    if x.is_real:
        return x
    value = x.value.astype(x.contract.oracle.dtype)
    if x.value.dtype == bool:
        return Bounded(value, x.contract, x.error.copy("K"))
    rounding = np.abs(x.contract.format.rounded(value) - value)
    return Bounded(value, x.contract, x.error + rounding.astype(np.float64))


def reals(x: Any, y: Any, /) -> tuple[Bounded, Bounded]:
    """Both operands as numbers.

    Raises UnboundedError as `require_promotion` does.
    """
    x, y = (np.asarray(z) if isinstance(z, list | tuple) else z for z in (x, y))
    a, b = pair(x, y)
    if a.is_real and b.is_real:
        return a, b
    require_promotion(x, y)
    return real(a), real(b)


def as_real(x: Bounded, /) -> Bounded:
    """x as numbers, for a function of numbers; errors as of `require_promotion`."""
    if x.is_real:
        return x
    require_promotion(x)
    return real(x)


def require_promotion(*operands: Any) -> None:
    """Raise UnboundedError unless the result is of the contract's format.

    Integers beside numbers: NumPy makes float64 of them, PyTorch the numbers' dtype. Of
    integers or masks alone NumPy makes float64, and PyTorch float32.
    """
    arrays = [each for each in operands if not isinstance(each, int | float)]
    kinds = {_kind(each) for each in arrays}
    form = next(each for each in arrays if isinstance(each, Bounded)).contract.format
    if "f" in kinds:
        fits = kinds <= {"f", "b"} or is_torch() or form == FLOAT64
    else:
        fits = form == (FLOAT32 if is_torch() else FLOAT64)
    if not fits:
        raise UnboundedError(
            "Bounded",
            f"{form.name} made of {'integers' if 'i' in kinds else 'a mask'}",
            "required a dtype: by the library's rule it would be another",
            f"convert first: x.astype({form.name}), or x.to(torch.{form.name})",
        )


def _kind(x: Any) -> str:
    """f of numbers, b of a mask, i of integers."""
    if not _is_integer(x):
        return "f"
    dtype = x.value.dtype if isinstance(x, Bounded) else x.dtype
    return "b" if dtype_name(dtype) == "bool" else "i"


def are_integers(*operands: Any) -> bool:
    """Whether these are all labels or masks, or Python integers beside them."""
    return all(map(_is_integer, operands))


def _is_integer(x: Any) -> bool:
    if isinstance(x, Bounded):
        return not x.is_real
    if isinstance(x, float):
        return False
    return isinstance(x, int) or (hasattr(x, "dtype") and "float" not in str(x.dtype))
