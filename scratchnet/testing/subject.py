"""The subject: the function under test, bound to an operation and a target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from scratchnet.arrays import Array, is_array, to_numpy
from scratchnet.errors import ArgumentTypeError
from scratchnet.testing.case import Case
from scratchnet.testing.compiling import (
    compiled,
    compiled_pullback,
    compiled_value,
)
from scratchnet.testing.contract import Contract
from scratchnet.testing.op import Op
from scratchnet.testing.targets import Target

Function = Callable[..., Any]
#: So many characters of what an error says are kept. A choice: what can be searched.
_MOST = 100_000
NUMPY_1 = np.lib.NumpyVersion(np.__version__) < "2.0.0"


class Refusal(Exception):  # noqa: N818 - a finding, not an error
    """The subject raised: what it was, and the call that made it."""


@dataclass(frozen=True, eq=False)
class Subject:
    """Code under test.

    function: takes what the operation does, arrays on the target. vjp: takes the same
    and returns the value and its pullback, from the cotangent to the cotangents of the
    arguments. contract: what it may do; that of the target unless it is given.
    untaken: options that it does not have, which stay what the reference has.
    landed: how many arrays it gave that live on the target, and how many elsewhere.
    Where the target is compiled all of them are called through torch.compile.
    """

    function: Function
    operation: Op
    target: Target
    contract: Contract
    vjp: Function | None = None
    untaken: tuple[str, ...] = ()
    landed: Counter[bool] = field(default_factory=Counter, repr=False)

    def __call__(self, case: Case, /, *, laid: bool = True) -> tuple[Any, ...]:
        """Its results for an example. Raises Refusal where it raises."""
        return self.at(*case.on(self.target, laid=laid))

    def at(self, arguments: Any, options: Mapping[str, Any], /) -> tuple[Any, ...]:
        """Its results for arguments and options that are on the target."""
        called = self.operation.called_with(tuple(arguments))
        return self._seen(_parts(self.directly(*called, **options)))

    def directly(self, /, *arguments: Any, **options: Any) -> Any:
        """What it returns, as it is."""
        there = self.target.compiled
        function = compiled(self.function) if there else self.function
        return run(function, *arguments, **self._taken(options))

    def back(self, case: Case, /, *, laid: bool = True) -> tuple[Any, Function]:
        """Its value for an example, and its pullback: a tuple of a cotangent."""
        return self.back_at(*case.on(self.target, laid=laid))

    def back_at(
        self, arguments: Any, options: Mapping[str, Any], /
    ) -> tuple[Any, Function]:
        """The same of arguments and options that are on the target.

        Where that is compiled the pullback is the whole way there and back.
        """
        vjp, taken = cast(Function, self.vjp), self._taken(options)
        if self.target.compiled:
            value = run(compiled_value(vjp), *arguments, **taken)
            return plain(value), self.pullback_at(arguments, options)
        found = run(vjp, *arguments, **taken)
        if not (isinstance(found, tuple) and len(found) == 2 and callable(found[1])):
            raise ArgumentTypeError(
                "vjp",
                f"{named(vjp)} returned {kind_of(found)}",
                "required the value and its pullback: (y, g -> (dx, ...))",
            )
        y, pullback = found
        return plain(y), lambda g: self._seen(_parts(run(pullback, g)))

    def _seen(self, results: tuple[Any, ...]) -> tuple[Any, ...]:
        """The results, of which it is noted where they live, once they are there."""
        if not self.target.on_device:
            return results
        run(self.target.settle)
        for x in results:
            self.landed[is_array(x) and self.target.holds(x)] += 1
        return results

    def pullback_at(self, arguments: Any, options: Mapping[str, Any], /) -> Function:
        """The pullback alone: a tuple of a cotangent."""
        if not self.target.compiled:
            return self.back_at(arguments, options)[1]
        return lambda g: self.pulled(g, arguments, options)[1]

    def pulled(
        self, g: Any, arguments: Any, options: Mapping[str, Any], /
    ) -> tuple[Any, tuple[Any, ...]]:
        """The value, and what its pullback makes of a cotangent: compiled as one."""
        if not self.target.compiled:
            value, pullback = self.back_at(arguments, options)
            return value, pullback(g)
        both = compiled_pullback(cast(Function, self.vjp))
        value, found = run(both, g, *arguments, **self._taken(options))
        return plain(value), self._seen(_parts(found))

    def _taken(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return {k: x for k, x in options.items() if k not in self.untaken}


def run(function: Function, /, *arguments: Any, **options: Any) -> Any:
    """What a function returns. Warnings of NumPy are no verdict.

    Raises Refusal where it raises, or exits, or skips the test that it is in.
    """
    try:
        with np.errstate(all="ignore"):
            return function(*arguments, **options)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise Refusal(error) from error


class Listed(tuple[Any, ...]):
    """Results that came in a list: several, or an array as a list."""

    __slots__ = ()


def _parts(found: Any) -> tuple[Any, ...]:
    parts = found if isinstance(found, tuple | list) else (found,)
    return (Listed if isinstance(found, list) else tuple)(map(plain, parts))


def plain(x: Any, /) -> Any:
    """A result as it is judged: what NumPy 1 makes of a 0-d array and a Python number,
    float64 whatever the array was, is as good as the number."""
    if NUMPY_1 and isinstance(x, np.float64 | np.ndarray) and not np.ndim(x):
        return float(x) if x.dtype == np.float64 else x
    return x


def kind_of(x: Any, /) -> str:
    """What something is, in words: of a tuple what is in it."""
    if isinstance(x, tuple):
        return f"a tuple of {len(x)}: {', '.join(type(each).__name__ for each in x)}"
    name = type(x).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def named(function: Function, /) -> str:
    """How reports call a function."""
    return getattr(function, "__name__", type(function).__name__)


def host(x: Any, /) -> Array:
    """A result on the host: a plain array of NumPy, also of a Python number.

    Raises Refusal for what cannot be made one.
    """
    if isinstance(x, np.ndarray) or not is_array(x):
        return run(np.asarray, x)
    return run(to_numpy, x)


def shown(x: Any, most: int = 80, /) -> str:
    """How a result reads, no longer than so many characters."""
    try:
        return str(run(repr, x))[:most]
    except Refusal as refusal:
        return f"a {type(x).__name__} whose repr raises {_name(refusal.args[0])}"


def said(error: BaseException, /) -> str:
    """What was raised, and what it says: no more of it than is read."""
    try:
        text = str(run(str, error))
        return (
            f"{_name(error)}: {text if len(text) <= _MOST else f'{text[:_MOST]} ...'}"
        )
    except Refusal as refusal:
        return f"{_name(error)}, whose text raises {_name(refusal.args[0])}"


def _name(error: BaseException) -> str:
    return type(error).__name__
