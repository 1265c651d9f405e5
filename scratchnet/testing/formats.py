"""Floating-point formats: facts of IEEE 754, nothing that anybody chose.

NumPy has no bfloat16: such numbers travel as float32 whose last 16 bits are zero, and
PyTorch converts them exactly.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import ldexp
from reprlib import repr as shortened
from types import MappingProxyType
from typing import Any, ClassVar, TypeAlias

import numpy as np

from scratchnet.arrays import dtype_name, is_array
from scratchnet.errors import ArgumentTypeError

#: An array of NumPy; its types call the result of arithmetic Any.
Reals: TypeAlias = Any


@dataclass(frozen=True, eq=False)
class Format:
    """A binary format: numbers m * 2^e with `precision` bits in m.

    min_exponent and max_exponent are those of the smallest and the largest binade of
    normal numbers: 2^min_exponent is the smallest normal number.

    Code under test branches on `x.dtype` and creates arrays of it: a format is equal to
    the dtypes of its name in any library, and NumPy takes it for its own dtype.
    """

    name: str
    precision: int
    min_exponent: int
    max_exponent: int

    #: What NumPy's and PyTorch's dtypes tell of themselves.
    kind: ClassVar[str] = "f"
    is_floating_point: ClassVar[bool] = True
    is_complex: ClassVar[bool] = False

    def __eq__(self, other: object) -> bool:
        # Formats are compared for every operation: the cheapest questions first.
        if self is other:
            return True
        if isinstance(other, Format):
            return self.name == other.name and self._facts == other._facts
        if _is_dtype(other):
            # To NumPy numbers in the other order of bytes have another dtype.
            return _named(other) == self.name and getattr(other, "isnative", True)
        return NotImplemented

    def __hash__(self) -> int:
        # Equal formats hash alike; a library's dtype has a hash of its own, as NumPy's
        # and the name that it is equal to have.
        return hash(self.name)

    def __str__(self) -> str:
        return self.name

    @property
    def _facts(self) -> tuple[int, int, int]:
        return self.precision, self.min_exponent, self.max_exponent

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's dtype of these numbers: where NumPy wants a dtype, it asks for this.

        Raises AttributeError for bfloat16, which NumPy does not have.
        """
        if self.name not in _DTYPES:
            raise AttributeError(
                f"Format.dtype: {self.name} is no dtype of NumPy, required one of "
                f"{', '.join(_DTYPES)}\n  {_IN_FLOAT32}"
            )
        return _DTYPES[self.name]

    #: What NumPy asks for from 2.4 on, before it asks for `dtype`.
    __numpy_dtype__ = dtype

    @property
    def type(self) -> type[np.generic]:
        """NumPy's type of a single number."""
        return self.dtype.type

    @property
    def carrier(self) -> np.dtype[Any]:
        """NumPy's dtype that holds these numbers: that of float32 for bfloat16."""
        return np.dtype(_CARRIERS[self.name])

    @property
    def itemsize(self) -> int:
        """The number of bytes of a number."""
        binades = self.max_exponent - self.min_exponent + 3  # and subnormals, infinity
        return (self.precision + (binades - 1).bit_length()) // 8

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
#: Those that are NumPy's own.
_DTYPES = {
    name: np.dtype(carrier) for name, carrier in _CARRIERS.items() if name != "bfloat16"
}
#: How NumPy lets one say which dtype; a tuple is faster to look through than a union.
_SPELLINGS = (np.dtype, str, type)
_IN_FLOAT32 = "carry bfloat16 as float32 whose last 16 bits are zero"

FLOAT16 = Format("float16", precision=11, min_exponent=-14, max_exponent=15)
BFLOAT16 = Format("bfloat16", precision=8, min_exponent=-126, max_exponent=127)
FLOAT32 = Format("float32", precision=24, min_exponent=-126, max_exponent=127)
FLOAT64 = Format("float64", precision=53, min_exponent=-1022, max_exponent=1023)

#: All formats, by the name of their dtype.
FORMATS: Mapping[str, Format] = MappingProxyType(
    {each.name: each for each in (FLOAT16, BFLOAT16, FLOAT32, FLOAT64)}
)


def format_of(dtype: Any, /, *, where: str = "format_of") -> Format:
    """The format of a dtype of any library, or of what NumPy takes for a dtype.

    dtype: `x.dtype` of an array, a type (np.float32, float), or a name ("float32",
    "f4", "bfloat16"). Raises ArgumentTypeError for complex, integer and other dtypes
    without a format, and for what is no dtype.
    """
    if isinstance(dtype, Format):
        return dtype
    name = _named(dtype) if _is_dtype(dtype) else ""
    if name in FORMATS:
        return FORMATS[name]
    raise ArgumentTypeError(
        where,
        f"dtype={name} has no error bounds" if name else _no_dtype(dtype),
        f"required one of {', '.join(FORMATS)}",
        _way_out(name) if name else "pass the dtype of an array: x.dtype",
    )


def _is_dtype(x: object) -> bool:
    """Whether x is a dtype of a library, or one of the ways to say so."""
    # PyTorch's dtypes and array-api-strict's are known by the name of their type.
    return isinstance(x, _SPELLINGS) or type(x).__name__.lower() == "dtype"


@lru_cache(maxsize=256, typed=True)
def _named(dtype: Any) -> str:
    """The name of a dtype in the standard; empty for what is none.

    Remembered: NumPy composes the name of a dtype anew each time it is asked. By its
    type too: array-api-strict warns where one of its dtypes meets one of NumPy's.
    """
    if not isinstance(dtype, str | type):
        return dtype_name(dtype)
    name = dtype.rpartition(".")[2] if isinstance(dtype, str) else dtype
    if name in FORMATS:
        return str(name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # np.floating is none, whatever NumPy makes
            return np.dtype(name).name
    except (TypeError, ValueError, SyntaxError, Warning):
        return ""


def _no_dtype(x: Any) -> str:
    if isinstance(x, str | type):
        return f"dtype={x!r} is not known"
    kind = type(x).__name__
    if is_array(x):
        return f"dtype is an array ({kind})"
    return f"dtype={shortened(x)} is no dtype" + f" ({kind})" * (x is not None)


def _way_out(name: str) -> str:
    """What to do with numbers of a dtype that has no format."""
    if name.startswith("complex"):
        return "take the real and the imaginary part one by one"
    if name == "bool" or name.startswith(("int", "uint")):
        return "convert to a float dtype first: labels and masks need no bounds"
    if name.startswith("float8"):
        return "convert to float32 first, which holds all its numbers"
    if name.startswith(("float", "longdouble")):
        return "convert to float64 first, the widest with bounds"
    return "convert to a float dtype first"
