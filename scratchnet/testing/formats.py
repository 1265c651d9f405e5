"""Floating-point formats: facts of IEEE 754, nothing that anybody chose.

NumPy has no bfloat16: such numbers travel as float32 whose last 16 bits are zero, and
PyTorch converts them exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from math import ldexp
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from scratchnet.arrays import dtype_name
from scratchnet.errors import ArgumentTypeError

#: An array of NumPy; its types call the result of arithmetic Any.
Reals: TypeAlias = Any


@dataclass(frozen=True)
class Format:
    """A binary format: numbers m * 2^e with `precision` bits in m.

    min_exponent and max_exponent are those of the smallest and the largest binade of
    normal numbers: 2^min_exponent is the smallest normal number.
    """

    name: str
    precision: int
    min_exponent: int
    max_exponent: int

    @cached_property
    def unit_roundoff(self) -> float:
        """Largest relative error of rounding to nearest: 2^-precision."""
        return ldexp(1.0, -self.precision)

    @cached_property
    def smallest_normal(self) -> float:
        """Below it the relative error of rounding grows."""
        return ldexp(1.0, self.min_exponent)

    @cached_property
    def smallest_subnormal(self) -> float:
        """The distance of neighbours below the smallest normal number."""
        return ldexp(1.0, self.min_exponent - self.precision + 1)

    @cached_property
    def largest(self) -> float:
        """The largest finite number."""
        return ldexp(2.0 - 2 * self.unit_roundoff, self.max_exponent)

    def ulp(self, x: Reals | float, /) -> Reals:
        """The unit in the last place of each x: the distance of neighbours around it.

        Of infinity and NaN, that of the largest number.
        """
        size = np.abs(np.where(np.isfinite(x), x, self.largest))
        _, exponent = np.frexp(np.maximum(size, self.smallest_normal))
        return np.ldexp(
            1.0, np.minimum(exponent, self.max_exponent + 1) - self.precision
        )

    def rounded(self, x: Reals | float, /) -> Reals:
        """Each x rounded to nearest, ties to even, in the arithmetic of x.

        Beyond the largest number by half an ulp or more it becomes infinite.
        """
        x = np.asarray(x)
        # Dividing and multiplying by a power of two is exact.
        unit = self.ulp(x).astype(x.dtype)
        with np.errstate(all="ignore"):
            nearest = np.where(np.isfinite(x), np.rint(x / unit) * unit, x)
        beyond = np.abs(nearest) > self.largest
        return np.where(beyond, np.copysign(np.inf, x), nearest)

    def holds(self, x: Reals, /) -> Reals:
        """Where x, in float64 or wider, is itself a number of this format.

        By conversion there and back, which is one instruction each: `rounded` takes ten
        times as long.
        """
        near = x.astype(_CARRIERS[self.name])
        same = near == x
        if self.name == "bfloat16":
            same = same & (near.view(np.uint32) & np.uint32(0xFFFF) == 0)
        return same


#: NumPy's dtype for the numbers of each format.
_CARRIERS = {
    "float16": np.float16,
    "bfloat16": np.float32,
    "float32": np.float32,
    "float64": np.float64,
}

FLOAT16 = Format("float16", precision=11, min_exponent=-14, max_exponent=15)
BFLOAT16 = Format("bfloat16", precision=8, min_exponent=-126, max_exponent=127)
FLOAT32 = Format("float32", precision=24, min_exponent=-126, max_exponent=127)
FLOAT64 = Format("float64", precision=53, min_exponent=-1022, max_exponent=1023)

#: All formats, by the name of their dtype.
FORMATS: Mapping[str, Format] = MappingProxyType(
    {each.name: each for each in (FLOAT16, BFLOAT16, FLOAT32, FLOAT64)}
)


def format_of(dtype: Any, /, *, where: str = "format_of") -> Format:
    """The format of a dtype of any library, or of its name.

    Raises ArgumentTypeError for complex, integer and other dtypes without a format.
    """
    if isinstance(dtype, Format):
        return dtype
    name = _name(dtype)
    if name not in FORMATS:
        raise ArgumentTypeError(
            where,
            f"dtype={name} has no error bounds",
            f"required one of {', '.join(FORMATS)}",
            "take the real and the imaginary part one by one"
            if name.startswith("complex")
            else "",
        )
    return FORMATS[name]


@cache
def _name(dtype: Any) -> str:
    """NumPy composes the name of a dtype anew each time it is asked."""
    return dtype_name(dtype)
