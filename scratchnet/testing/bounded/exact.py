"""Where nothing rounds, so that the bound is exactly 0.

One operation: its exact result is a number of the format, and IEEE 754 then returns it.
Sums and products of many: if every input is a multiple of q, so is every intermediate;
and a multiple of q no larger than 2^p q in a normal range has a representation in p
bits. Then nothing rounds, in any order, with or without FMA or a wider accumulator.
"""

from __future__ import annotations

import numpy as np

from scratchnet.testing.contract import DOUBLE, Contract
from scratchnet.testing.formats import Reals


def held(value: Reals, contract: Contract, /) -> Reals:
    """Where value is a number that the subject keeps as it is."""
    same = contract.format.holds(value)
    if contract.flush_to_zero:
        tiny = contract.format.smallest_normal
        same = same & ((np.abs(value) >= tiny) | (value == 0))
    return same


def exact_sum(x: Reals, y: Reals, value: Reals, /) -> Reals:
    """Where value = x + y without any rounding by the oracle.

    The error of a sum is itself computable (Knuth, TAOCP 2, 4.2.2, theorem B).
    """
    part = value - x
    return (x - (value - part)) + (y - part) == 0


def exact_product(x: Reals, y: Reals, contract: Contract, /) -> Reals | bool:
    """Where the oracle multiplies numbers x and y of the format without rounding.

    Their significands have as many bits together as the product. Long double has room
    for a product of two float64 only where they end early enough; and where it is
    double, the product must not end below its smallest number.
    """
    if 2 * contract.format.precision <= contract.oracle.precision:
        return True
    bits = _length(x) + _length(y)
    low = np.finfo(x.dtype).smallest_normal / np.finfo(x.dtype).eps
    ends_in_time = (np.abs(x * y) > low) | (x == 0) | (y == 0)
    return (bits <= contract.oracle.precision) & ends_in_time


def _length(x: Reals) -> Reals:
    """The number of significant bits of numbers that float64 holds."""
    significand, _ = np.frexp(x.astype(np.float64))
    whole = np.ldexp(np.where(np.isfinite(significand), significand, 0), 53)
    bits = whole.astype(np.int64)
    _, lowest = np.frexp((bits & -bits).astype(np.float64))
    return np.where(bits == 0, 0, 54 - lowest)


def is_power_of_two(x: Reals, /) -> Reals:
    """Where x is 0 or a power of two of moderate size: multiplying by it is exact."""
    significand, exponent = np.frexp(x)
    return ((np.abs(significand) == 0.5) & (np.abs(exponent) < 64)) | (x == 0)


def fine_unit(size: Reals, contract: Contract, /) -> Reals:
    """The finest q whose multiples up to each size need no more than p bits.

    Where all terms of a sum of this size are multiples of it, nothing rounds; a coarser
    one would do as well, but then this one does too.
    """
    form = contract.format
    share, exponent = np.frexp(size)
    if form.precision < DOUBLE.precision:
        # 2^p q itself has one bit. A size that float64 itself rounded may be above it.
        exponent = exponent - (share == 0.5)
    return np.maximum(np.ldexp(1.0, exponent - form.precision), _finest(contract))


def _finest(contract: Contract) -> float:
    """The unit of the smallest numbers that are not taken for 0."""
    form = contract.format
    return form.smallest_normal if contract.flush_to_zero else form.smallest_subnormal


def multiples(x: Reals, unit: Reals, /) -> Reals:
    """Where x is a multiple of a power of two; or infinite, but not NaN."""
    # Back by the unit: of a share that underflows to 0 x is no multiple.
    return np.asarray(np.rint(x / unit) * unit == x)


def grid(x: Reals, axis: int, /) -> Reals:
    """The largest power of two that all numbers along an axis are multiples of.

    Infinite where all are 0, and 0 where one is not finite or no float64.
    """
    x64 = x.astype(np.float64)
    significand, exponent = np.frexp(x64)
    whole = np.ldexp(np.where(np.isfinite(x64), significand, 0), 53).astype(np.int64)
    lowest = np.ldexp((whole & -whole).astype(np.float64), exponent - 53)
    lowest = np.where(whole == 0, np.inf, lowest)
    lowest = np.where(np.isfinite(x64) & (x64 == x), lowest, 0.0)
    return lowest.min(axis=axis, initial=np.inf)


def unrounded(size: Reals, unit: Reals, contract: Contract, /) -> Reals:
    """Where intermediates, multiples of unit no larger than size, need no rounding."""
    form = contract.format
    limit = unit * 2.0**form.precision
    fits = size <= limit if form.precision < DOUBLE.precision else size < limit
    return fits & (size <= form.largest) & (unit >= _finest(contract))
