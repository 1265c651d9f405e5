"""Small programs, computed exactly in rational numbers and as a machine rounds them.

Nothing here knows of bounds: it is what the bound-carrying array is held against.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from scratchnet.testing.formats import FORMATS, Format

BINARY = ("add", "subtract", "multiply", "divide", "maximum", "minimum", "where")
UNARY = ("abs", "negative", "square")
REDUCTIONS = ("sum", "mean", "max", "min")
ARITY = dict.fromkeys(BINARY, 2) | dict.fromkeys((*UNARY, *REDUCTIONS), 1) | {"dot": 2}


@dataclass(frozen=True)
class Step:
    """An operation on earlier values; order: which terms are added up first."""

    name: str
    operands: tuple[int, ...]
    order: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """Inputs of one format, and what is done to them and to what comes of them."""

    dtype: str
    inputs: tuple[np.ndarray, ...]
    steps: tuple[Step, ...]


def numbers(dtype: str) -> st.SearchStrategy[float]:
    """Where rounding is odd: neighbours, powers of two, subnormal and huge numbers."""
    form, kind = FORMATS[dtype], np.dtype(dtype).type
    tiny = form.smallest_subnormal
    scaled = st.builds(
        lambda m, e: float(kind(m * 2.0**e)),
        st.integers(-9, 9),
        st.integers(max(form.min_exponent, -1000), form.max_exponent - 4),
    )
    near_one = st.integers(-5, 5).map(lambda k: 1 + k * 2 * form.unit_roundoff)
    low = st.integers(-5, 5).map(lambda k: k * tiny)
    huge = st.integers(0, 5).map(lambda k: form.largest * (1 - k * 2.0**-3))
    width = np.finfo(dtype).bits
    anything = st.floats(width=width, allow_nan=False, allow_infinity=False)
    moderate = st.floats(-8, 8, width=width)
    return st.one_of(
        moderate, st.integers(-4, 4).map(float), near_one, scaled, low, huge, anything
    )


@st.composite
def programs(draw, dtypes=("float16", "float32", "float64")):
    """Programs of up to five steps on vectors of up to five numbers."""
    dtype, n = draw(st.sampled_from(dtypes)), draw(st.integers(1, 5))
    vector = st.lists(numbers(dtype), min_size=n, max_size=n)
    inputs = draw(st.lists(vector, min_size=2, max_size=3))
    steps = []
    for i in range(draw(st.integers(1, 5))):
        name = draw(st.sampled_from(sorted(ARITY)))
        before = st.integers(0, len(inputs) + i - 1)
        operands = tuple(draw(before) for _ in range(ARITY[name]))
        order = draw(st.lists(st.integers(0, 11), max_size=2 * n))
        steps.append(Step(name, operands, tuple(order)))
    arrays = tuple(np.array(each, dtype) for each in inputs)
    return Program(dtype, arrays, tuple(steps))


def added(terms: list[Any], order: tuple[int, ...]) -> Any:
    """The terms added up two by two, which two being told by the order."""
    left, turns = list(terms), iter(order)
    while len(left) > 1:
        x = left.pop(next(turns, 0) % len(left))
        y = left.pop(next(turns, 0) % len(left))
        left.append(x + y)
    return left[0]


def elementwise(name: str, x: Any, y: Any = None) -> Any:
    """One operation on numbers that may be of any kind."""
    match name:
        case "add":
            return x + y
        case "subtract":
            return x - y
        case "multiply":
            return x * y
        case "divide":
            return x / y
        case "maximum":
            return max(x, y) if x == x and y == y else x + y
        case "minimum":
            return min(x, y) if x == x and y == y else x + y
        case "where":
            return x if x < y else -y
        case "square":
            return x * x
        case "abs":
            return abs(x)
        case "negative":
            return -x
    raise AssertionError(name)


def exact(program: Program) -> list[list[Fraction]]:
    """Every value of the program, exactly, up to the first division by 0."""
    values = [[Fraction(float(x)) for x in each] for each in program.inputs]
    try:
        for step in program.steps:
            values.append(_exactly(step, [values[i] for i in step.operands]))
    except ZeroDivisionError:
        pass
    return values


def _exactly(step: Step, given: list[list[Fraction]]) -> list[Fraction]:
    match step.name:
        case "sum":
            return [sum(given[0])]
        case "mean":
            return [sum(given[0]) / len(given[0])]
        case "dot":
            return [sum(x * y for x, y in _paired(*given))]
        case "max" | "min":
            return [{"max": max, "min": min}[step.name](given[0])]
    return [elementwise(step.name, *each) for each in _paired(*given)]


def _paired(*vectors: list[Any]) -> list[tuple[Any, ...]]:
    """Element by element; a vector of one is repeated."""
    n = max(map(len, vectors))
    return [tuple(v[i % len(v)] for v in vectors) for i in range(n)]


def rounded(program: Program) -> list[list[Any]]:
    """Every value as NumPy's numbers of the dtype round it, in the drawn order."""
    values = [list(each) for each in program.inputs]
    with np.errstate(all="ignore"):
        for step in program.steps:
            given = [values[i] for i in step.operands]
            values.append(_roundedly(step, given, np.dtype(program.dtype).type))
    return values


def _roundedly(step: Step, given: list[list[Any]], kind: Any) -> list[Any]:
    odd = sum(step.order) % 2 == 1
    match step.name:
        case "sum":
            return [added(given[0], step.order)]
        case "mean":
            n, total = kind(len(given[0])), added(given[0], step.order)
            return [total * (kind(1) / n) if odd else total / n]
        case "dot":
            pairs = _paired(*given)
            fused = odd and all(np.isfinite(z) for pair in pairs for z in pair)
            return [_fused(pairs, kind) if fused else _plain_dot(pairs, step.order)]
        case "max" | "min":
            function = {"max": np.max, "min": np.min}[step.name]
            return [function(np.array(given[0], kind))]
    return [elementwise(step.name, *each) for each in _paired(*given)]


def _plain_dot(pairs: list[tuple[Any, Any]], order: tuple[int, ...]) -> Any:
    return added([x * y for x, y in pairs], order)


def _fused(pairs: list[tuple[Any, Any]], kind: Any) -> Any:
    """A chain of fused multiply-adds, each rounded once."""
    total = kind(0)
    for x, y in pairs:
        if not np.isfinite(total):
            return total
        exactly = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(total))
        total = kind(nearest(exactly, FORMATS[np.dtype(kind).name]))
    return total


def nearest(x: Fraction, form: Format) -> float:
    """x rounded to nearest, ties to even."""
    if x == 0:
        return 0.0
    size = abs(x)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    exponent -= size < Fraction(2) ** exponent
    unit = Fraction(2) ** (max(exponent, form.min_exponent) - form.precision + 1)
    found = round(x / unit) * unit
    if abs(found) > Fraction(form.largest):
        return float("inf") if x > 0 else float("-inf")
    return float(found)
