"""Assignment: code that works in place does so here, and views see it."""

from __future__ import annotations

from typing import Any

from scratchnet.testing.bounded.array import Bounded
from scratchnet.testing.bounded.given import UnboundedError
from scratchnet.testing.bounded.operands import lifted, real
from scratchnet.testing.bounded.shared import is_shared
from scratchnet.testing.bounded.spoken import is_torch


def assign(x: Bounded, index: Any, new: Any, /) -> None:
    """x[index] = new, with NumPy's index.

    Raises UnboundedError for numbers among labels, inside a reference, whose results
    are shared by its algorithms, and for an array that only repeats another's elements.
    """
    found = _fitting(x, lifted(new, x))
    if is_shared() or not x.value.flags.writeable:
        raise UnboundedError(
            "Bounded",
            "assignment to an array that may share its elements with others",
            "required an array of its own",
            "write where(condition, x, y), or copy first",
        )
    value, error = found.value, found.error
    if found.size == 1:
        # PyTorch puts an array of one element where NumPy wants one without an axis.
        value, error = value.reshape(()), error.reshape(())
    x.value[index], x.error[index] = value, error
    Bounded.assignments += 1


def _fitting(x: Bounded, new: Bounded) -> Bounded:
    """The numbers, labels or masks that are put into x."""
    if x.is_real:
        return real(new)
    if new.is_real or not new.is_exact:
        raise UnboundedError(
            "Bounded",
            "numbers with a bound put into an array of integers",
            "required exact integers",
            "convert the array first: x.astype(float32)",
        )
    return new


def as_it_lies(found: Bounded, /, *operands: Any) -> Bounded:
    """The result of a function whose results PyTorch lays out by rules of its own.

    Where its order of memory is not known, nor what is a view of it, nothing may be
    assigned to it.
    """
    if is_torch() and not all(
        x.value.flags.c_contiguous for x in operands if isinstance(x, Bounded)
    ):
        found.value.flags.writeable = False
    return found
