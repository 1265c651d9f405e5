"""What the tests of equivalence draw: numbers, operands in any layout, cotangents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from scratchnet.arrays import Array
from scratchnet.testing import Target
from scratchnet.testing.strategies import (
    Layout,
    expanded,
    filled,
    layouts,
    operand_shapes,
    repeated,
)

#: Warnings of NumPy are no verdict: many a correct result is NaN, or overflows.
quiet = pytest.mark.filterwarnings("ignore::RuntimeWarning")
#: On six targets: each gets a third of the examples.
shared = settings(max_examples=max(5, settings.default.max_examples // 3))

Shape = tuple[int, ...]
MODERATE = st.floats(-8, 8)
#: With zeros, ties, and what overflows in half precision.
NUMBERS = MODERATE | st.integers(-3, 3).map(float) | st.floats(-1e5, 1e5)


@dataclass(frozen=True)
class Operands:
    """Drawn values and the layouts in which they are to lie."""

    values: tuple[np.ndarray, ...]
    layouts: tuple[Layout, ...]

    def on(self, target: Target) -> tuple[Array, ...]:
        """The values, rounded to the target's dtype, each in its layout."""
        pairs = zip(self.layouts, self.values, strict=True)
        with np.errstate(over="ignore"):
            return tuple(layout(target.array(x)) for layout, x in pairs)


@dataclass(frozen=True)
class Case:
    """The inputs of an operation: operands, then labels or shapes; and its options."""

    operands: Operands
    others: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def on(self, target: Target) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The inputs and the options, all arrays among them on the target."""
        others = (_placed(x, target) for x in self.others)
        options = {name: _placed(x, target) for name, x in self.options.items()}
        return (*self.operands.on(target), *others), options


def _placed(x: Any, target: Target) -> Any:
    return target.array(x) if isinstance(x, np.ndarray) else x


def laid_out(
    shapes: SearchStrategy[Iterable[Shape]],
    elements: SearchStrategy[float] = NUMBERS,
) -> SearchStrategy[Operands]:
    """Arrays of drawn shapes in drawn layouts."""
    return _operands(filled(shapes, elements=elements), layouts())


@st.composite
def _operands(draw: DrawFn, values, layout) -> Operands:
    drawn = draw(values)
    lying = tuple(draw(layout) for _ in drawn)
    pairs = zip(lying, drawn, strict=True)
    # Rows lie expanded where they are the same.
    return Operands(tuple(repeated(x) if y is expanded else x for y, x in pairs), lying)


def operands(
    signature: str, *, elements: SearchStrategy[float] = NUMBERS, max_dims: int = 2
) -> SearchStrategy[Operands]:
    """Arguments of a function with this gufunc signature, in drawn layouts."""
    return laid_out(operand_shapes(signature, max_dims=max_dims), elements)


def cases(
    operands: SearchStrategy[Operands], **options: SearchStrategy[Any]
) -> SearchStrategy[Case]:
    """Operands without labels or shapes, and options."""
    return st.builds(Case, operands, options=st.fixed_dictionaries(options))


def rows(*, max_dims: int = 2) -> SearchStrategy[Shape]:
    """Shapes that end in one class or more, whatever their loop dimensions."""
    loops = operand_shapes("()->()", max_dims=max_dims)
    return st.builds(lambda loop, c: (*loop[0], c), loops, st.integers(1, 4))


def any_of(table: Mapping[str, Any]) -> SearchStrategy[Any]:
    """The values of a table: for claims cheaper to draw an operation for than to hold
    for a hundred examples of each, because another test does."""
    return st.sampled_from(tuple(table.values()))


def alike(
    x: Array, elements: SearchStrategy[float] = NUMBERS
) -> SearchStrategy[Operands]:
    """One array of the shape of x."""
    return laid_out(st.just((tuple(x.shape),)), elements)


def cotangent(data: st.DataObject, y: Array, target: Target) -> Array:
    """A cotangent of the result y: drawn, and in a drawn layout."""
    (g,) = data.draw(alike(y, MODERATE), label="cotangent").on(target)
    return g
