"""What lookups are called with: indices of rows and of classes, and such as must be
refused."""

from __future__ import annotations

import numpy as np

from scratchnet.testing.case import Case, Coder
from scratchnet.testing.inputs import Call
from scratchnet.testing.op import Arrays, Options
from scratchnet.testing.strategies.label import classes_of


def looked_up(values: Arrays, options: Options, coder: Coder) -> Call:
    """Indices of rows for the places of the first array, and the table."""
    places, table = values
    return (classes_of(coder("indices", places.shape), len(table)), table), options


def numbered(values: Arrays, options: Options, coder: Coder) -> Call:
    """Labels for the places of an array, and how many classes there are."""
    (places,) = values
    classes = 1 + int(coder("classes", (1,))[0, -1] % 5)
    return (classes_of(coder("labels", places.shape), classes), classes), options


def no_such_row(case: Case) -> list[Call]:
    """Indices that are no integers, and of rows that there are not."""
    indices, table = case.arguments
    call = ((indices.astype(table.dtype), table), dict(case.options))
    return [call, *_beyond(case, len(table))]


def no_such_class(case: Case) -> list[Call]:
    """Labels that are no class."""
    return _beyond(case, case.arguments[1])


def _beyond(case: Case, count: int) -> list[Call]:
    """Indices beyond the last one and below the first: also such as NumPy counts from
    the end, of which there is always one at least."""
    indices, among = case.arguments
    wrong = (count, -1, count + 1, -count) if indices.size else ()
    return [((np.full_like(indices, i), among), dict(case.options)) for i in wrong]
