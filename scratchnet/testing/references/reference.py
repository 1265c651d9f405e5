"""A reference: an operation in plain array code, in each way that is accepted.

The oracle runs every way on bound-carrying arrays and allows what any of them allows.
Correct code that is found wrong points at a missing algorithm, not at a small bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any

from scratchnet.arrays import Array
from scratchnet.errors import ArgumentError, ArgumentTypeError
from scratchnet.testing.bounded import Bounded
from scratchnet.testing.bounded.shared import quiet, shared
from scratchnet.testing.contract import Contract
from scratchnet.testing.evaluate import accepted, oracle


@dataclass(frozen=True)
class Algorithm:
    """One way to compute an operation.

    name: its formula, for the docs; function: the formula in array code, of the
    operation's inputs; note: what sets it apart from the others, or where it is from.
    """

    name: str
    function: Callable[..., Any]
    note: str = ""


@dataclass(frozen=True)
class Reference:
    """An operation, or its pullback: the ways to compute it that are accepted.

    A pullback takes the cotangent, then the operation's inputs, and returns a tuple: a
    cotangent for each of them that has one.
    algorithms: each correct and as accurate as is expected; the oracle's value is that
    of the first. worse: correct as well, but documented as less accurate.
    """

    name: str
    algorithms: tuple[Algorithm, ...]
    worse: tuple[Algorithm, ...] = ()

    def __post_init__(self) -> None:
        for what in ("algorithms", "worse"):
            _require_algorithms(self.name, what, getattr(self, what))
        if not self.algorithms:
            raise ArgumentError(
                "Reference", f"{self.name!r} has no algorithms", "required at least one"
            )

    @property
    def signature(self) -> str:
        """Its name and arguments, as in Python: `softmax(x, *, axis=-1)`."""
        plain = [
            each.replace(annotation=Parameter.empty)
            for each in signature(self.algorithms[0].function).parameters.values()
        ]
        # That inputs go by their places is said once, in the docs.
        return f"{self.name}{Signature(plain)}".replace(", /", "")

    def oracle(
        self, *inputs: Any, contract: Contract | None = None, **options: Any
    ) -> Any:
        """What every accepted algorithm may give for these inputs.

        inputs, contract and errors as in `evaluate.oracle`; arrays among the options,
        such as the weights of classes, are inputs too. A tuple for a pullback.
        """
        return _combined(self.algorithms, inputs, contract, options)

    def worse_oracle(
        self, *inputs: Any, contract: Contract | None = None, **options: Any
    ) -> Any:
        """What the algorithms documented as worse may give, or the accepted ones."""
        algorithms = (*self.algorithms, *self.worse)
        return _combined(algorithms, inputs, contract, options)


def of_first(reference: Reference, count: int, /) -> Reference:
    """The same pullback, but for the cotangents of the first so many arguments."""

    def cut(each: Algorithm) -> Algorithm:
        @wraps(each.function)
        def function(*inputs: Any, **options: Any) -> Any:
            return tuple(each.function(*inputs, **options)[:count])

        return replace(each, function=function)

    algorithms, worse = tuple(map(cut, reference.algorithms)), map(cut, reference.worse)
    return replace(reference, algorithms=algorithms, worse=tuple(worse))


def _require_algorithms(name: str, what: str, found: Any) -> None:
    """Raise ArgumentTypeError for anything but a tuple of them."""
    fix = 'write (Algorithm("x * 2", lambda x: x * 2),)'
    if not isinstance(found, tuple | list):
        said = f"{what} of {name!r} is a {type(found).__name__}"
        raise ArgumentTypeError("Reference", said, "required a tuple of Algorithm", fix)
    for each in found:
        if not isinstance(each, Algorithm):
            said = f"{what} of {name!r} holds {each!r:.60}"
            raise ArgumentTypeError("Reference", said, "required an Algorithm", fix)


def _require_arrays(results: list[Any], algorithms: Iterable[Algorithm]) -> None:
    """Raise ArgumentTypeError for an algorithm that gives no array, nor a tuple."""
    for result, each in zip(results, algorithms, strict=True):
        for part in result if isinstance(result, tuple) else (result,):
            if not isinstance(part, Bounded):
                raise ArgumentTypeError(
                    "Reference",
                    f"algorithm {each.name!r} returns a {type(part).__name__}",
                    "required an array, or a tuple of arrays",
                    "write it with operators and functions of arrays",
                )


def _combined(
    algorithms: tuple[Algorithm, ...],
    inputs: tuple[Any, ...],
    contract: Contract | None,
    options: dict[str, Any],
) -> Any:
    """The oracle of all these algorithms: the largest bound of each element."""

    def run(*arguments: Any, **named: Any) -> list[Any]:
        return [each.function(*arguments, **named) for each in algorithms]

    with shared():
        results = oracle(run, *inputs, contract=contract, **options)
    _require_arrays(results, algorithms)
    if isinstance(results[0], tuple):
        return tuple(accepted(*parts) for parts in zip(*results, strict=True))
    return accepted(*results)


#: Once for the same results: what several algorithms begin with goes on being the same.
_common = quiet(accepted)


def either(*results: Array) -> Array:
    """The results of several accepted algorithms as one, for what is made of them.

    Of bound-carrying arrays their common oracle; of other arrays the first one.
    """
    first = results[0]
    return _common(*results) if isinstance(first, Bounded) else first


def between(one: Array, other: Array) -> Array:
    """What lies between two results as one, where both are accepted and all between.

    Of bound-carrying arrays what is no further from their middle than they are; of
    other arrays the first one.
    """
    if not isinstance(one, Bounded):
        return one
    return either(0.5 * one + 0.5 * other, one, other)


def require_reduction(reduction: str, /) -> None:
    """Raise ArgumentError for another reduction of a loss than none, sum and mean."""
    if reduction not in ("none", "sum", "mean"):
        raise ArgumentError(
            "loss", f"reduction={reduction!r}", "required none, sum or mean"
        )


def listing(references: Iterable[Reference], /) -> str:
    """All accepted algorithms, and those documented as worse, as a Markdown table."""
    rows = ["| operation | algorithm | judged | |", "| --- | --- | --- | --- |"]
    for each in references:
        judged = ((each.algorithms, "accepted"), (each.worse, "worse: INACCURATE"))
        rows += [
            f"| `{each.signature}` | {algorithm.name} | {verdict} | {algorithm.note} |"
            for algorithms, verdict in judged
            for algorithm in algorithms
        ]
    return "\n".join(rows)
