"""What chooses and moves numbers, joins them, or changes their format."""

from __future__ import annotations

from typing import Any

from draws import Case, Draw
from primitives import named, numbers, over_rows, pair, primitive, rows

from scratchnet.arrays import array_namespace


def alike(draw: Draw) -> Case:
    """Two arrays of one shape, of at least one side."""
    shape = (*draw.shape(), draw.integer(1, 6))
    return Case(draw.form, (draw.numbers(*shape), draw.others(*shape)))


def row(draw: Draw) -> Case:
    """One array of at least one side: without any, NumPy 1 has its own promotions."""
    return Case(draw.form, alike(draw).inputs[:1])


def picked(draw: Draw) -> Case:
    """Rows, and the places of some of their numbers."""
    n, c = draw.integer(1, 6), draw.integer(1, 8)
    places = draw.rng.integers(0, c, (n, draw.integer(1, 4)))
    return Case(draw.form, (draw.numbers(n, c), places))


def along(x: Any, places: Any) -> Any:
    """Of each row the numbers at places of its own."""
    return array_namespace(x).take_along_axis(x, places, axis=-1)


def columns(x: Any, places: Any) -> Any:
    """Whole columns: those that the first row names."""
    return array_namespace(x).take(x, places[0, ...], axis=-1)


def larger(x: Any, y: Any) -> Any:
    """One of two, after a comparison that rounding may turn."""
    xp = array_namespace(x, y)
    return xp.where(x * 3.0 > y + y + y, x, y * 0.5)


def in_place(x: Any, y: Any) -> Any:
    """A step that overwrites its parameters, and a row set to 0."""
    step = y * 0.5
    step += x
    step *= 0.25
    step[..., 0] = 0.0
    return x - step


def in_format(name: str) -> Any:
    """Squared, and then in the format of this name."""
    return lambda x: array_namespace(x).astype(x * x, getattr(array_namespace(x), name))


def joined(name: str) -> Any:
    """Put together along the last axis, or a new one."""
    return lambda x, y: getattr(array_namespace(x, y), name)([x, y], axis=-1)


CHOICES = (
    primitive("min", rows, over_rows("min")),
    primitive("argmin", rows, over_rows("argmin")),
    primitive("x < y", pair, named("less")),
    primitive("x == y", pair, named("equal")),
    primitive("3 x < y + y + y", pair, lambda x, y: x * 3.0 < y + y + y),
    primitive("where", pair, larger),
    primitive("clip", numbers, lambda x: array_namespace(x).clip(x * 3.0, -0.75, 1.1)),
    primitive("take", picked, columns),
    primitive("take_along_axis", picked, along),
    primitive("concat", alike, joined("concat")),
    primitive("stack", alike, joined("stack")),
    primitive("in place", alike, in_place),
    *(primitive(f"{c} / x", numbers, lambda x, c=c: c / x) for c in (3, 0.1)),
    primitive("x * x to float16", row, in_format("float16")),
    primitive("x * x to float64", row, in_format("float64")),
)
