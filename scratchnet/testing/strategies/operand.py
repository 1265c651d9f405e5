"""Arrays that a function accepts together: shapes, values and layouts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import DrawFn, SearchStrategy

from scratchnet.testing.formats import Format, format_of
from scratchnet.testing.strategies.codes import ROOT, drawn_codes, octets
from scratchnet.testing.strategies.family import (
    FAMILIES,
    MODERATE,
    Family,
    require_families,
)
from scratchnet.testing.strategies.layout import (
    Layout,
    expanded,
    layouts_of,
    repeated,
)
from scratchnet.testing.strategies.plan import Planner
from scratchnet.testing.strategies.requirements import (
    require_dtype,
    require_shape,
    require_some,
    require_type,
)
from scratchnet.testing.strategies.shapes import NONE, Shapes, planner
from scratchnet.testing.strategies.signature import Shape

Array = np.ndarray[Any, Any]
Arrays = tuple[Array, ...]


def values(
    shape: Shape, /, *, family: Family = MODERATE, dtype: Any = "float64"
) -> SearchStrategy[Array]:
    """Arrays of one shape, filled with values of a family, in a format.

    dtype: a format or its name; bfloat16 comes as float32 whose last 16 bits are 0. Up
    to 48 elements are drawn one by one, more are like those, from a drawn seed. Shrinks
    each to the simplest of its family. Raises ArgumentTypeError for a dtype without
    format, and for the name of a family.
    """
    require_families("values", family)
    shape, form = require_shape("values", shape), format_of(dtype, where="values")
    return _values(shape, family, form)


@st.composite
def _values(draw: DrawFn, shape: Shape, family: Family, form: Format) -> Array:
    root = draw(octets(ROOT))
    filled: Array = family.values(drawn_codes(draw, root, shape), form)
    return filled


@dataclass(frozen=True)
class Arguments:
    """What a function is given: values, and how each array is to lie.

    values are contiguous, of the format's carrier; family is what they are drawn from.
    """

    values: Arrays
    layouts: tuple[Layout, ...]
    family: Family
    format: Format

    @property
    def arrays(self) -> Arrays:
        """The values, each in its layout."""
        pairs = zip(self.layouts, self.values, strict=True)
        return tuple(layout(x) for layout, x in pairs)

    def __repr__(self) -> str:
        pairs = zip(self.layouts, self.values, strict=True)
        laid = ", ".join(f"{layout.__name__}({x!r})" for layout, x in pairs)
        return f"<{self.family} {self.format}: {laid}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """As Hypothesis shows it: on one line, not field by field."""
        del cycle
        printer.text(repr(self))


def arguments(
    signature: str,
    /,
    *,
    dtype: Any = "float64",
    families: Iterable[Family] = FAMILIES.values(),
    library: str | None = None,
    max_side: int = 4,
    max_dims: int = 3,
    at_least: Mapping[str, int] = NONE,
) -> SearchStrategy[Arguments]:
    """Arguments of a function with this gufunc signature, of one family and format.

    Shapes are those of `operand_shapes`, values those of `values`, layouts those of
    `layouts` for the library; where an array lies expanded, its rows are the same.
    Shrinks to contiguous arrays of the first family, then in shapes and values. Raises
    as those do, and ArgumentError for no families.
    """
    where = "arguments"
    plan = planner(where, signature, max_side, max_dims, at_least)
    some = require_some(where, families=families)
    require_families(where, *some)
    lying = layouts_of(library, where=where)
    return _arguments(plan, some, lying, format_of(dtype, where=where))


@st.composite
def _arguments(
    draw: DrawFn,
    planner: Planner,
    families: tuple[Family, ...],
    lying: tuple[Layout, ...],
    form: Format,
) -> Arguments:
    count = len(planner.signature.inputs)
    # All in one draw, as each costs as much as a small operation.
    head = draw(octets(1 + count + planner.length + count * ROOT))
    family = families[head[0] % len(families)]
    layouts = tuple(lying[byte % len(lying)] for byte in head[1 : 1 + count])
    shapes = planner.shapes(head[1 + count :])
    roots = (head[len(head) - i * ROOT :][:ROOT] for i in range(count, 0, -1))
    pairs = zip(shapes, roots, strict=True)
    drawn = [family.values(drawn_codes(draw, root, s), form) for s, root in pairs]
    laid = zip(layouts, drawn, strict=True)
    same = tuple(repeated(x) if layout is expanded else x for layout, x in laid)
    return Arguments(same, layouts, family, form)


def operands(
    signature: str,
    /,
    *,
    elements: SearchStrategy[Any],
    dtype: str = "float64",
    max_side: int = 4,
    max_dims: int = 2,
) -> SearchStrategy[Arrays]:
    """Tuples of arrays that a function with this gufunc signature accepts.

    Shapes are those of `operand_shapes`, every element is drawn by itself: for elements
    of no family. Shrinks to fewer and smaller sides. Raises as `operand_shapes` does,
    and ArgumentTypeError for elements that are no strategy, a dtype that is none.
    """
    where = "operands"
    plan = planner(where, signature, max_side, max_dims, NONE)
    shapes = octets(plan.length).map(plan.shapes)
    return _filled(shapes, elements, _kind(where, elements, dtype))


def filled(
    shapes: SearchStrategy[Shapes],
    /,
    *,
    elements: SearchStrategy[Any],
    dtype: str = "float64",
) -> SearchStrategy[Arrays]:
    """Tuples of arrays of drawn shapes, every element drawn by itself.

    Raises ArgumentTypeError for shapes and elements that are no strategies, and for a
    dtype that is none.
    """
    where = "filled"
    require_type(where, SearchStrategy, "a strategy of shapes", shapes=shapes)
    return _filled(shapes, elements, _kind(where, elements, dtype))


def _kind(where: str, elements: Any, dtype: Any) -> np.dtype[Any]:
    """The dtype of elements, which must be a strategy."""
    require_type(where, SearchStrategy, "a strategy of numbers", elements=elements)
    return require_dtype(where, "biufc", "a dtype of numbers that NumPy has", dtype)


@st.composite
def _filled(
    draw: DrawFn,
    shapes: SearchStrategy[Shapes],
    elements: SearchStrategy[Any],
    kind: np.dtype[Any],
) -> Arrays:
    # No fill: an array of one repeated value hides elements that changed places.
    parts = (
        arrays(kind, s, elements=elements, fill=st.nothing()) for s in draw(shapes)
    )
    return tuple(map(draw, parts))
