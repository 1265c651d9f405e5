"""What an operation is given: arrays and numbers, brought under one contract."""

from __future__ import annotations

import numbers
from functools import lru_cache
from typing import Any

import numpy as np

from scratchnet.errors import ArgumentTypeError
from scratchnet.testing.bounded.array import Bounded, flushed
from scratchnet.testing.contract import Contract


def lifted(x: Any, like: Bounded, /) -> Bounded:
    """The operand x beside `like`, in its contract.

    A Python number may be rounded to the format or kept in double: both are covered.
    An array is exact. Raises ArgumentTypeError for another contract or format.
    """
    if isinstance(x, Bounded):
        if x.contract is not like.contract and x.contract != like.contract:
            raise ArgumentTypeError(
                "Bounded",
                f"operands of two contracts ({like.contract.format.name} and "
                f"{x.contract.format.name})",
                "required one for all",
                "convert with astype, or wrap both with the same contract",
            )
        return x
    if isinstance(x, bool):
        return Bounded(np.asarray(x), like.contract)
    if isinstance(x, numbers.Real) and not isinstance(x, np.generic):
        return constant(float(x), like.contract)
    return Bounded.exact(x, like.contract)


def constant(x: float, contract: Contract, /) -> Bounded:
    """A Python number, rounded to the format or not."""
    value = np.asarray(x, contract.oracle.dtype)
    return Bounded(value, contract, _constant_error(x, contract))


@lru_cache(maxsize=1024)
def _constant_error(x: float, contract: Contract) -> float:
    """How far the number may move by being rounded to the format, or flushed to 0."""
    wide = np.asarray(x, contract.oracle.dtype)
    near = contract.format.rounded(wide)
    moved = float(np.abs(near - wide)) if np.isfinite(near) else 0.0
    return max(moved, float(flushed(wide, contract)))


def pair(x: Any, y: Any, /) -> tuple[Bounded, Bounded]:
    """Both operands as bound-carrying arrays of one contract."""
    like = x if isinstance(x, Bounded) else y
    return lifted(x, like), lifted(y, like)


def real(x: Bounded, /) -> Bounded:
    """x as numbers: of a mask 0 and 1, of integers themselves."""
    if x.is_real:
        return x
    value = x.value.astype(x.contract.oracle.dtype)
    if x.value.dtype == bool:
        return Bounded(value, x.contract, x.error)
    rounding = np.abs(x.contract.format.rounded(value) - value)
    return Bounded(value, x.contract, x.error + rounding.astype(np.float64))


def reals(x: Any, y: Any, /) -> tuple[Bounded, Bounded]:
    """Both operands as numbers."""
    a, b = pair(x, y)
    return real(a), real(b)


def are_integers(*operands: Any) -> bool:
    """Whether these are all labels or masks, or Python integers beside them."""
    return all(map(_is_integer, operands))


def _is_integer(x: Any) -> bool:
    if isinstance(x, Bounded):
        return not x.is_real
    if isinstance(x, float):
        return False
    return isinstance(x, int) or (hasattr(x, "dtype") and "float" not in str(x.dtype))
