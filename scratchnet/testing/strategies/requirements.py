"""Immediate errors: what a strategy cannot draw from is said where it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from hypothesis.errors import HypothesisException

from scratchnet.errors import ArgumentError, ArgumentTypeError, ScratchnetError

T = TypeVar("T")


def require_count(where: str, least: int = 0, /, **numbers: Any) -> None:
    """Require whole numbers that are at least so large.

    Raises ArgumentTypeError for what is no int, ArgumentError for one that is smaller.
    """
    for name, number in numbers.items():
        if not isinstance(number, int) or isinstance(number, bool):
            raise ArgumentTypeError(where, f"{name}={number!r}", "required an int")
        if number < least:
            raise ArgumentError(where, f"{name}={number}", f"required {least} or more")


def require_above_0(where: str, /, **numbers: Any) -> None:
    """Require numbers that are positive. Raises ArgumentTypeError for what is no
    number, ArgumentError for one that is not."""
    for name, number in numbers.items():
        if not isinstance(number, int | float) or isinstance(number, bool):
            raise ArgumentTypeError(where, f"{name}={number!r}", "required a number")
        if not number > 0:
            raise ArgumentError(where, f"{name}={number}", "required above 0")


def require_ordered(where: str, /, **numbers: int) -> None:
    """Require that the first is no larger than the second: else nothing is drawn."""
    (low, least), (high, most) = numbers.items()
    if least > most:
        raise ArgumentError(
            where,
            f"{low}={least} and {high}={most} leave nothing to draw",
            f"required {low} <= {high}",
        )


def require_one_of(where: str, known: Iterable[str], /, **named: Any) -> None:
    """Require names that are known. Raises ArgumentError for another."""
    known = tuple(known)
    for name, value in named.items():
        if value not in known:
            raise ArgumentError(
                where, f"{name}={value!r}", f"required one of {', '.join(known)}"
            )


def require_some(where: str, /, **things: Iterable[T]) -> tuple[T, ...]:
    """The things as a tuple. Raises ArgumentError for none: nothing could be drawn."""
    ((name, some),) = things.items()
    found = tuple(some)
    if not found:
        raise ArgumentError(where, f"no {name}", "required at least one")
    return found


def require_shape(where: str, shape: Any, /) -> tuple[int, ...]:
    """The shape as a tuple. Raises ArgumentTypeError for what is no tuple of ints,
    ArgumentError for a negative side."""
    if not isinstance(shape, tuple):
        raise ArgumentTypeError(where, f"shape={shape!r}", "required a tuple of ints")
    for side in shape:
        require_count(where, 0, side=side)
    return shape


def answered(
    operation: str, what: str, function: Callable[..., T], /, *args: Any, **options: Any
) -> T:
    """What a function gives that belongs to an operation's declaration.

    Raises ArgumentError, naming both, where it raises: the subject is not to blame.
    """
    try:
        return function(*args, **options)
    except (ScratchnetError, HypothesisException):
        raise  # it says itself what is wrong, or that another example is wanted
    except Exception as error:
        raise ArgumentError(
            "Op",
            f"{what} of {operation!r} raises {type(error).__name__}: {error}",
            "required an answer for every example",
            "mend it, or restrict the operation to what it is defined for",
        ) from error
