"""What the examples of a law were like, and how near the bound its errors came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil, isfinite, log2
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scratchnet.testing.case import Case
    from scratchnet.testing.laws.finding import Finding

#: The exponent below which an error is not told from a smaller one.
LEAST = -20
#: What has sides longer than this is out of its first block: see `cases`.
LONG = 16


@dataclass
class Spread:
    """Counts of examples: by shapes, by layouts, and by their largest error.

    shapes: dimensions of the widest array, and what is special about the shapes; an
    example may be counted under several. layouts: how arrays lay, each counted by
    itself. errors: by the power of two that the largest error is at most, in parts of
    its bound; "0" where it was exact, "inf" where nothing was allowed.
    """

    shapes: Counter[str] = field(default_factory=Counter)
    layouts: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    def add(self, case: Case, finding: Finding) -> None:
        """One more example."""
        self.shapes.update(_shapes(case))
        self.layouts.update(each.__name__ for each in case.layouts)
        if finding.compared:
            self.errors[_size(float(finding.ratio))] += 1

    def as_json(self) -> dict[str, Any]:
        """What JSON holds of it."""
        return {name: dict(getattr(self, name)) for name in self.__dataclass_fields__}


def _shapes(case: Case) -> Iterator[str]:
    shapes = [x.shape for x in case.arrays]
    sides = [side for shape in shapes for side in shape]
    yield f"{max(map(len, shapes), default=0)}-d"
    if 0 in sides:
        yield "empty"
    if 1 in sides:
        yield "a side of 1"
    if len(set(map(len, shapes))) > 1 or (1 in sides and len(set(shapes)) > 1):
        yield "of several shapes"
    if max(sides, default=0) > LONG:
        yield "a long side"


def _size(ratio: float) -> str:
    if not ratio:
        return "0"
    return str(max(LEAST, ceil(log2(ratio)))) if isfinite(ratio) else "inf"
