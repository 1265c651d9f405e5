"""Operators of the bound-carrying array, by the functions of the standard.

Those are made of the array itself, so that they are looked up when first used.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from scratchnet.testing.bounded.spoken import is_torch
from scratchnet.testing.contract import Contract

if TYPE_CHECKING:
    from scratchnet.testing.bounded.array import Bounded


@cache
def function_named(name: str) -> Callable[..., Bounded]:
    """The function of this name in the standard, which is made of this class."""
    from scratchnet.testing.bounded.standard import FUNCTIONS

    return FUNCTIONS[name]


@cache
def namespaces() -> Callable[[Contract], Any]:
    """What finds the namespace of a contract."""
    from scratchnet.testing.bounded.namespace import namespace

    return namespace


def prefix(name: str) -> Callable[[Bounded], Bounded]:
    """An operator of one operand."""
    return lambda x: function_named(name)(x)


def operator(
    name: str,
) -> tuple[Callable[[Bounded, Any], Bounded], Callable[[Bounded, Any], Bounded]]:
    """An operator and its reflection."""
    return (
        lambda x, y: function_named(name)(x, y),
        lambda x, y: function_named(name)(y, x),
    )


def assigned(name: str) -> Callable[[Bounded, Any], Bounded]:
    """An operator that works in place; NumPy's numbers without an axis are replaced."""

    def operate(x: Bounded, y: Any) -> Bounded:
        found = function_named(name)(x, y)
        if not x.ndim and not is_torch() and x.value.flags.writeable:
            return found
        x[...] = found
        return x

    return operate


def refused(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """An operator without a derived bound, and its reflection."""

    def refuse(*_: Any) -> Any:
        from scratchnet.testing.bounded.standard import refusal

        raise refusal(name)

    return refuse, refuse
