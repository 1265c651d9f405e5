"""Families of values, each named by what it attacks.

A family makes float64 numbers of codes, three bytes for each element. Codes of zeros
make the simplest array of the family.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import isfinite, log, sqrt
from types import MappingProxyType
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from scratchnet.errors import ArgumentError
from scratchnet.testing.formats import BFLOAT16, FORMATS, Format, Reals
from scratchnet.testing.strategies.codes import BYTES, Codes
from scratchnet.testing.strategies.requirements import (
    require_count,
    require_function,
    require_one_of,
    require_type,
)

#: The bits of each byte in the opposite order: 0, 1/2, 1/4, 3/4, 1/8, ...
_HALVES = np.array([int(f"{byte:08b}"[::-1], 2) for byte in range(256)]) / 256
_ONES = (0.0, 1.0, -1.0, -0.0)
#: The numbers of a format at which an operation overflows, underflows or saturates.
Edges = Callable[[Format], Sequence[float]]


@dataclass(frozen=True)
class Family:
    """Values of one kind.

    name: how reports call it. attacks: what code breaks on such values. make: the
    values, float64, from codes of one axis more and the format that they are meant for.
    weight: how many times as often it is drawn as others.
    """

    name: str
    attacks: str
    make: Callable[[Codes, Format], Reals]
    weight: int = 1

    def __post_init__(self) -> None:
        require_type("Family", str, "a str", name=self.name, attacks=self.attacks)
        require_function("Family", "a function of codes and a format", make=self.make)
        require_count("Family", 1, weight=self.weight)

    def __repr__(self) -> str:
        return self.name

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """As Hypothesis shows it."""
        del cycle
        printer.text(self.name)

    def values(self, codes: Codes, form: Format, /) -> Reals:
        """The values that codes make, rounded to a format, in its carrier."""
        if codes.size == 0:
            return np.zeros(codes.shape[:-1], form.carrier)
        numbers = self.make(codes.astype(np.int32), form)
        if form == BFLOAT16:
            numbers = form.rounded(numbers)
        return np.asarray(numbers, form.carrier)


def _dyadic(codes: Codes) -> Reals:
    """Up to 9: whole numbers first, then halves, quarters and so on."""
    main = codes[..., 2]
    parts = _HALVES[codes[..., 1]]
    return _turned(main, 8) + np.where(main // 17 & 1, -parts, parts)


def _moderate(codes: Codes, form: Format) -> Reals:
    """Dyadic ones, and what is not whole with all bits."""
    del form
    return _dyadic(codes) + (codes[..., 1] > 0) * codes[..., 0] / (255 * 256)


def _wide(codes: Codes, form: Format) -> Reals:
    """+-2^e, 1 first. For half of the numbers e is uniform over as many exponents as a
    number has bits, either way; for the others over six tenths of the format's."""
    main = 256 * codes[..., 1] + codes[..., 2]
    far = 3 * form.max_exponent // 10
    near = min(form.precision, far)
    exponent = np.where(codes[..., 0] & 2, _turned(main, far), _turned(main, near))
    mantissa = 1 + (codes[..., 0] >> 2) / 63
    return np.ldexp(np.where(codes[..., 0] & 1, -mantissa, mantissa), exponent)


def _extreme(codes: Codes, form: Format) -> Reals:
    return _edges(codes, _table(form, _edges_of))


def _offset_rows(codes: Codes, form: Format) -> Reals:
    """Dyadic numbers, and for each row a multiple of 128, up to 1024 either way."""
    del form
    first = codes[..., :1, 0] if codes.ndim > 1 else codes[..., 0]
    return _dyadic(codes) + 128.0 * _turned(first, 8)


def _ties(codes: Codes, form: Format) -> Reals:
    """Each one of three numbers: the first three, had they been dyadic."""
    del form
    three = _dyadic(codes.reshape(-1, BYTES)[:3])
    return three[codes[..., 0] % three.size]


def _grid(codes: Codes, form: Format) -> Reals:
    """1, -1, 2, ...: so small that a sum of all products needs no rounding."""
    bits = (form.precision - (codes.size // BYTES).bit_length()) // 2
    whole = _turned(codes[..., 2], 2 ** min(max(bits, 0), 3))
    # Without 0, which hides what it is multiplied with.
    return np.where(whole == 0, 1, whole) * 1.0


def _special(codes: Codes, form: Format) -> Reals:
    """0 first; a third are moderate. A quarter of the arrays have no NaN; a quarter
    have one among moderate numbers, a quarter one among infinities, a quarter several:
    in company it is lost more easily than among its like."""
    table = np.array([*_ONES, np.inf, -np.inf, form.largest, np.nan])
    place, mode, _ = codes.reshape(-1, BYTES)[0] % (codes.size, 4, 256)
    chosen = table[codes[..., 2] % (table.size if mode == 3 else table.size - 1)]
    moderate = (codes[..., 0] % 3 == 2) | (mode == 1)
    found = np.where(moderate, _moderate(codes, form), chosen)
    if mode:
        found.reshape(-1)[place % found.size] = np.nan
    return found


def _constant(codes: Codes, form: Format) -> Reals:
    """One number everywhere: a moderate one, with a multiple of 128. In half of the
    arrays it is that but for the digits that are lost in its square."""
    first = codes.reshape(-1, BYTES)[0]
    number = _moderate(first, form) + 128.0 * _turned(first[0], 8)
    if first[1] % 2 == 0:
        return np.full(codes.shape[:-1], number)
    apart = np.ldexp(_turned(codes[..., 2], 8) * 1.0, -2 * form.precision // 3)
    return number * (1 + apart)


def _subnormal(codes: Codes, form: Format) -> Reals:
    """Half of the smallest normal number first, and below; in half of the arrays a
    quarter are moderate."""
    mixed = codes.reshape(-1, BYTES)[0, 1] % 2
    exponent = form.min_exponent - 1 - codes[..., 2] % (form.precision - 1)
    size = np.ldexp(1 + _HALVES[codes[..., 1]], exponent)
    tiny = np.where(codes[..., 0] & 1, -size, size)
    moderate = (codes[..., 0] >= 192) & (mixed == 1)
    return np.where(moderate, _moderate(codes, form), tiny)


def _turned(counts: Reals, most: int) -> Reals:
    """0, 1, -1, 2, -2, ... for 0, 1, 2, 3, 4, ..., up to so many either way."""
    counts = counts % (2 * most + 1)
    return np.where(counts % 2, counts + 1, -counts) // 2


def _edges_of(form: Format) -> Sequence[float]:
    """Where numbers, squares, exponentials and reciprocals leave the format."""
    low, high = form.smallest_normal, form.largest
    ends = (high, high / 2, sqrt(high), log(high), low, sqrt(low), log(low))
    return (*ends, form.smallest_subnormal, log(form.smallest_subnormal), 1 / high)


@cache
def _table(form: Format, edges: Edges) -> Reals:
    """Each edge, then its neighbours below and above, none beyond the largest."""
    points = form.rounded(np.array(edges(form), np.float64))
    with np.errstate(over="ignore"):
        near = np.concatenate([points + n * form.ulp(points) for n in (0, -1, 1)])
    return np.clip(near, -form.largest, form.largest)


def _edges(codes: Codes, table: Reals) -> Reals:
    """Half of the numbers are edges, first of all; the others are 0, 1, -1 and -0."""
    points = table[codes[..., 2] % table.size]
    points = np.where(codes[..., 1] & 1, -points, points)
    others = np.array(_ONES)[codes[..., 1] % len(_ONES)]
    return np.where(codes[..., 0] >= 128, others, points)


def extreme_at(edges: Edges, /) -> Family:
    """The family `extreme` of an operation: its edges of overflow and underflow.

    edges: the numbers of a format at which the operation overflows, underflows or
    saturates. They, their neighbours and their negatives are drawn, beside 0 and 1.
    Raises ArgumentError where a format has no edges, or one that is no finite number,
    and ArgumentTypeError for what is no function.
    """
    _require_edges("extreme_at", edges)
    return replace(EXTREME, make=lambda codes, form: _edges(codes, _table(form, edges)))


def _require_edges(where: str, edges: Edges) -> None:
    require_function(where, "a function from a format to its edges", edges=edges)
    required = "required at least one number, and all of them finite"
    for form in FORMATS.values():
        try:
            points = tuple(edges(form))
            usable = bool(points) and all(map(isfinite, points))
        except Exception as error:
            found = f"edges({form}) fails, {type(error).__name__}: {error}"
            raise ArgumentError(where, found, required) from error
        if not usable:
            raise ArgumentError(where, f"edges({form}) is {points}", required)


#: Of all digits so many are lost on exp(-y): what it leaves out shows best, and then
#: in a square alone, or nowhere.
_LOST = (0.75, 0.875, 0.8, 0.7, 0.5, 1.0, 0.83)


def decaying(at: Callable[[float], float] = float, /) -> Edges:
    """The edges of an operation that nears a limit as exp(-y) does.

    Those where that is little beside 1 but not nothing, so that code which takes it for
    nothing too early is off; where it is nothing; where it, and numbers, leave the
    format. at: the number for which y is this large; y itself without it. Raises
    ArgumentTypeError for what is no function.
    """
    require_function("decaying", "a function from y to a number", at=at)

    def edges(form: Format) -> Sequence[float]:
        low, least = form.smallest_normal, form.smallest_subnormal
        beside = [-log(form.unit_roundoff) * share for share in _LOST]
        ends = log(form.largest), -log(low), -log(least)
        # Twice, as they matter on one side only.
        return (*map(at, (*beside, *beside, *ends)), form.largest, low, least)

    return edges


MODERATE = Family("moderate", "wrong formulas: nothing else is in the way", _moderate)
WIDE = Family("wide", "wrong scales: what is small beside the rest still counts", _wide)
EXTREME = Family("extreme", "overflow and underflow that need not be", _extreme)
OFFSET_ROWS = Family(
    "offset_rows", "a reduction over the wrong axis, a shift not by row", _offset_rows
)
TIES = Family("ties", "choices between equals: maxima, kinks and their halves", _ties)
GRID = Family("grid", "any error at all: nothing rounds, the bound is 0", _grid)
SPECIAL = Family(
    "special", "NaN, infinities and signed zeros lost or spread", _special, weight=2
)
CONSTANT = Family(
    "constant",
    "a spread of 0 in a divisor, or so small that digits are lost",
    _constant,
)
SUBNORMAL = Family("subnormal", "tiny divisors, and numbers taken for 0", _subnormal)

#: All families by name, the simplest first.
FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        each.name: each
        for each in (
            *(MODERATE, GRID, TIES, OFFSET_ROWS, WIDE),
            *(CONSTANT, SPECIAL, EXTREME, SUBNORMAL),
        )
    }
)


def families_at(edges: Edges, /) -> tuple[Family, ...]:
    """All families for an operation with edges of its own: its `extreme` has these.

    Raises ArgumentError as `extreme_at` does.
    """
    _require_edges("families_at", edges)
    extreme = extreme_at(edges)
    return tuple(extreme if x is EXTREME else x for x in FAMILIES.values())


def families(*names: str) -> SearchStrategy[Family]:
    """Families of values, those of these names or all. Shrinks to the first.

    Raises ArgumentError for a name that is none, ArgumentTypeError for what is no name.
    """
    for name in names:
        require_type("families", str, "the name of a family", name=name)
        require_one_of("families", FAMILIES, name=name)
    return st.sampled_from([FAMILIES[name] for name in names or FAMILIES])


def require_families(where: str, /, *several: Any) -> None:
    """Raise ArgumentTypeError for what is no Family, its name too."""
    for family in several:
        require_type(
            where, Family, "a Family", "FAMILIES has all by name", family=family
        )
