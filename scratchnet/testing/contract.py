"""What an implementation may do: the only place of the harness with choices.

Everything else is derived. A choice stands here with its reason, and a report can print
both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import inf, log2
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any

import numpy as np

from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing.formats import (
    FLOAT16,
    FLOAT32,
    FLOAT64,
    Format,
    format_of,
)
from scratchnet.testing.promises import RECIPROCALS, parsed, reasons_for

#: Largest error of a library's function in ulps of its result. Measured on CPUs with
#: NumPy 2.4 and PyTorch 2.13: at most 3.4 (log in float32), torch.sqrt 0.75. What is
#: documented for CUDA is less. `tests/properties/test_contract.py` measures it anew.
ULPS: Mapping[str, float] = MappingProxyType(
    {
        "cos": 4.0,
        "erf": 4.0,
        "exp": 4.0,
        "expm1": 4.0,
        "log": 4.0,
        "log1p": 4.0,
        "pow": 4.0,
        "sigmoid": 4.0,
        "sin": 4.0,
        "sqrt": 1.0,
        "tanh": 4.0,
    }
)

#: What a function may be off beside its ulps in formats narrower than float64. On CPUs
#: with AVX-512 PyTorch's erf of half precision, and compiled that of float32, is a
#: polynomial (Abramowitz, Stegun, 7.1.26) that may be 5e-7 off anywhere: near 0 that is
#: any number of ulps. Measured.
ABSOLUTE: Mapping[str, float] = MappingProxyType({"erf": 2.0**-20})


@dataclass(frozen=True)
class Arithmetic:
    """That of the oracle: a NumPy dtype and its unit roundoff."""

    dtype: type[np.floating[Any]]
    unit_roundoff: float

    @cached_property
    def precision(self) -> int:
        """The number of bits of a significand."""
        return round(-log2(self.unit_roundoff))


DOUBLE = Arithmetic(np.float64, 2.0**-53)
#: Extended where the machine has it (x87: 64 bits). Where it is double, as on Windows
#: and on ARM, the oracle rounds as the subject does: its bound is rigorous but twice as
#: wide, and it shares the mathematical library with the code under test.
LONG_DOUBLE = Arithmetic(np.longdouble, float(np.finfo(np.longdouble).eps) / 2)


@dataclass(frozen=True)
class Contract:
    """What code under test is allowed to do in one format.

    format and accumulator may be given as dtypes or their names.
    accumulator: the format that sums and products are promised to add up in; None
    promises nothing, and a wider one is always allowed.
    input_precision: bits that the factors of a matrix product are rounded to first, as
    in TF32 (11); None where they are not.
    flush_to_zero: whether subnormal numbers may be taken for 0.
    reciprocals: whether an array may be divided by a number as it is multiplied by the
    rounded reciprocal.
    ulps: largest error of each mathematical function, in ulps of its result; of those
    that are not named, the one in ULPS.
    reasons: why each choice was made, by its name; for reports alone.
    """

    format: Format
    accumulator: Format | None = None
    input_precision: int | None = None
    flush_to_zero: bool = False
    reciprocals: bool = False
    ulps: Mapping[str, float] = field(default_factory=lambda: ULPS, hash=False)
    reasons: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "format", format_of(self.format, where="Contract"))
        if self.accumulator is not None:
            object.__setattr__(self, "accumulator", _accumulator(self))
        if self.input_precision is not None:
            object.__setattr__(self, "input_precision", _input_precision(self))
        if self.ulps is not ULPS:
            object.__setattr__(self, "ulps", _merged(self.ulps))
        for name in ("flush_to_zero", "reciprocals"):
            if not isinstance(given := getattr(self, name), bool):
                raise ArgumentTypeError(
                    "Contract", f"{name}={given!r}", "required a bool"
                )

    def __reduce__(self) -> Any:
        # Built anew: read-only mappings cannot be pickled, and in another process the
        # hash is another.
        plain = self.input_precision, self.flush_to_zero, self.reciprocals
        mappings = dict(self.ulps), dict(self.reasons)
        return Contract, (self.format, self.accumulator, *plain, *mappings)

    @cached_property
    def _hash(self) -> int:
        return hash(
            (self.format, self.accumulator, self.input_precision, self.flush_to_zero)
        )

    def __hash__(self) -> int:
        # Remembered: every operation asks for the namespace of its contract.
        return self._hash

    @cached_property
    def oracle(self) -> Arithmetic:
        """The arithmetic that judges: one wider than the format."""
        return LONG_DOUBLE if self.format == FLOAT64 else DOUBLE

    @cached_property
    def unit_roundoff(self) -> float:
        """Largest relative error of one operation.

        Half precision is computed in float32 and rounded twice: the first rounding adds
        its own 2^-24.
        """
        u = self.format.unit_roundoff
        return u + FLOAT32.unit_roundoff if self.format.precision < 24 else u

    @cached_property
    def underflow(self) -> float:
        """Largest absolute error of an operation with a result below normal numbers."""
        if self.flush_to_zero:
            return self.format.smallest_normal
        # Half the distance of subnormal numbers; float64 holds no half of its own
        # smallest one, nor u times a subnormal: there four of them stand for both.
        share = 4 if self.format == FLOAT64 else 0.5
        return self.format.smallest_subnormal * share

    def absolute(self, function: str, /) -> float:
        """What a function may be off, however small its result."""
        narrow = self.format.precision < FLOAT64.precision
        return ABSOLUTE.get(function, 0.0) if narrow else 0.0

    def with_format(self, form: Format, /) -> Contract:
        """The same promises in another format; an accumulator is kept if wider."""
        kept, bits = self.accumulator, self.input_precision
        if kept is not None and kept.precision <= form.precision:
            kept = None
        if bits is not None:
            bits = min(bits, form.precision)
        return replace(self, format=form, accumulator=kept, input_precision=bits)

    def beside(self, target: Contract, /) -> Contract:
        """The same promises in the format of a target, which has leave of its own to
        flush and to multiply by reciprocals."""
        there = self.with_format(target.format)
        return replace(
            there,
            flush_to_zero=there.flush_to_zero or target.flush_to_zero,
            reciprocals=there.reciprocals or target.reciprocals,
        )

    @classmethod
    def for_target(cls, target: str, /) -> Contract:
        """What is promised on a target `library[:device]:dtype[+compiled]`.

        Libraries are numpy, torch (on cpu or cuda), strict (array-api-strict) and
        simulated, whose devices all promise what a faithful one does.
        Raises ArgumentError for a target that is not written so or does not exist, and
        ArgumentTypeError for a dtype without a format.
        """
        place = parsed(target)
        return cls(
            place.format,
            flush_to_zero=place.flushes,
            reciprocals=place.on_gpu,
            reasons=reasons_for(place),
        )

    @classmethod
    def tf32(cls) -> Contract:
        """float32 on tensor cores: factors rounded to 11 bits, added up in float32.

        The accumulation itself is that of float32.
        """
        return cls(
            FLOAT32,
            input_precision=FLOAT16.precision,
            reciprocals=True,
            reasons={
                "input_precision": "TF32 keeps 10 stored bits of each factor",
                "reciprocals": RECIPROCALS,
            },
        )


def _accumulator(contract: Contract) -> Format:
    """That of a contract, if it holds every number of the format."""
    form = contract.format
    wide = format_of(contract.accumulator, where="Contract.accumulator")
    if (
        wide.precision < form.precision
        or wide.max_exponent < form.max_exponent
        or wide.smallest_subnormal > form.smallest_subnormal
    ):
        raise ArgumentError(
            "Contract",
            f"accumulator={wide.name}",
            f"required one that holds every {form.name}",
            "leave it out: nothing is then promised of how sums are added up",
        )
    return wide


def _input_precision(contract: Contract) -> int:
    """That of a contract, if it is a number of bits that the format has."""
    form, bits = contract.format, contract.input_precision
    if isinstance(bits, bool) or not isinstance(bits, Integral):
        raise ArgumentTypeError(
            "Contract", f"input_precision={bits!r}", "required a number of bits"
        )
    if not 2 <= bits <= form.precision:
        raise ArgumentError(
            "Contract",
            f"input_precision={bits}",
            f"required 2 to {form.precision}, the bits of {form.name}",
            "leave it out where the factors of a product are not rounded first",
        )
    return int(bits)


def _merged(ulps: Any) -> Mapping[str, float]:
    """ULPS, but for the functions that are given another number."""
    if not isinstance(ulps, Mapping):
        raise ArgumentTypeError(
            "Contract",
            f"ulps={ulps!r}",
            "required a mapping from functions to their ulps",
            'write ulps={"exp": 20}',
        )
    for name, value in ulps.items():
        _require_ulps(name, value)
    changed = {name: float(value) for name, value in ulps.items()}
    return MappingProxyType({**ULPS, **changed})


def _require_ulps(name: Any, value: Any) -> None:
    found = f"ulps={{{name!r}: {value!r}}}"
    if name not in ULPS:
        raise ArgumentError(
            "Contract",
            found,
            f"required functions among {', '.join(ULPS)}",
            "other functions are computed from these, whose errors they pass on",
        )
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ArgumentTypeError("Contract", found, "required a number")
    if not 0 <= float(value) < inf:
        raise ArgumentError("Contract", found, "required finite ulps, 0 or more")
