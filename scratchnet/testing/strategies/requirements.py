"""Immediate errors: what a strategy cannot draw from is said where it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from reprlib import repr as shortened
from typing import Any, TypeVar

import numpy as np
from hypothesis.errors import HypothesisException

from scratchnet.errors import ArgumentError, ArgumentTypeError, ScratchnetError

T = TypeVar("T")

#: The largest side that is drawn.
MOST_SIDE = 2**20


def require_type(
    where: str,
    kinds: type | tuple[type, ...],
    what: str,
    fix: str = "",
    /,
    **things: Any,
) -> None:
    """Require things of these types. Raises ArgumentTypeError, saying what, for others.

    fix: what to pass instead, where that is not plain.
    """
    for name, thing in things.items():
        if not isinstance(thing, kinds):
            raise ArgumentTypeError(where, _typed(name, thing), f"required {what}", fix)


def _typed(name: str, thing: Any) -> str:
    return f"{name}={shortened(thing)} ({type(thing).__name__})"


def require_flag(where: str, /, **flags: Any) -> None:
    """Require True or False: a word for no is true. Raises ArgumentTypeError."""
    require_type(where, (bool, np.bool_), "True or False", **flags)


def require_function(where: str, what: str, /, **functions: Any) -> None:
    """Require what can be called. Raises ArgumentTypeError, saying what, for others."""
    for name, function in functions.items():
        if not callable(function):
            raise ArgumentTypeError(where, _typed(name, function), f"required {what}")


def require_int(where: str, /, **numbers: Any) -> None:
    """Require whole numbers. Raises ArgumentTypeError for what is no int."""
    for name, number in numbers.items():
        if not isinstance(number, int) or isinstance(number, bool):
            raise ArgumentTypeError(where, f"{name}={number!r}", "required an int")


def require_side(where: str, side: Any, /) -> None:
    """Raise unless it is a side of arrays: a count of 1 or more, not beyond a million,
    as all sides below it are weighed."""
    require_count(where, 1, max_side=side)
    if side > MOST_SIDE:
        said = f"required {MOST_SIDE:,} or less"
        raise ArgumentError(where, f"max_side={side}", said)


def require_count(where: str, least: int = 0, /, **numbers: Any) -> None:
    """Require whole numbers that are at least so large.

    Raises ArgumentTypeError for what is no int, ArgumentError for one that is smaller.
    """
    require_int(where, **numbers)
    for name, number in numbers.items():
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
    """The things as a tuple. Raises ArgumentError for none: nothing could be drawn.

    Raises ArgumentTypeError for a single one: letters are not what a word stands for.
    """
    ((name, some),) = things.items()
    if isinstance(some, str) or not isinstance(some, Iterable):
        raise ArgumentTypeError(
            where,
            _typed(name, some),
            "required several",
            "for a single one, pass a list of it",
        )
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


def require_dtype(where: str, kinds: str, what: str, dtype: Any, /) -> np.dtype[Any]:
    """NumPy's dtype. Raises ArgumentTypeError for none, and for other kinds of it."""
    found = _dtype(dtype)
    if found is None or found.kind not in kinds:
        raise ArgumentTypeError(where, f"dtype={dtype!r}", f"required {what}")
    return found


def _dtype(dtype: Any) -> np.dtype[Any] | None:
    """What NumPy makes of it; nothing of None, which NumPy takes for float64."""
    if dtype is None:
        return None
    try:
        found: np.dtype[Any] = np.dtype(dtype)
    except (TypeError, ValueError, SyntaxError, AttributeError):
        return None
    return found


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
