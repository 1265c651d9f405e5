"""What is tested: planted bugs, and correct functions to tell them from.

Correct are the accepted algorithms, each as plain NumPy runs it, and the code that the
bugs were planted in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from scratchnet.testing import OPS, REFERENCES
from scratchnet.testing.mutants import MUTANTS, Mutant
from scratchnet.testing.mutants.mutant import Pair, correct
from scratchnet.testing.references import Algorithm
from today.inputs import CALLS

Function = Callable[..., Any]
FLOAT64, FLOAT32 = "numpy:float64", "numpy:float32"


@dataclass(frozen=True)
class Code:
    """A function, its VJP rule, its pullback from the cotangent on: what there is."""

    function: Function | None = None
    vjp: Function | None = None
    pullback: Function | None = None


@dataclass(frozen=True, eq=False)
class Subject:
    """A function to be tested.

    bug: whether it is wrong. target: where. made: the code, without any past. sound:
    of a bug the same code without it. bare: whether it is but a formula, which refuses
    nothing and may hand on what it is given.
    """

    name: str
    operation: str
    bug: bool
    target: str
    made: Callable[[], Code]
    sound: Callable[[], Code] | None = None
    bare: bool = False


def _code(pair: Pair) -> Code:
    return Code(pair.function, pair.vjp)


def _planted(mutant: Mutant) -> Subject:
    return Subject(
        mutant.id,
        mutant.operation,
        True,
        mutant.target,
        lambda: _code(mutant.broken()),
        lambda: _code(mutant.correct()),
    )


def _accepted(operation: str, algorithm: Algorithm, back: bool) -> Subject:
    function = algorithm.function
    code = Code(pullback=function) if back else Code(function)
    name = f"{operation}{'.pullback' * back}: {algorithm.name}"
    return Subject(name, operation, False, FLOAT64, lambda: code, bare=True)


def _whole(operation: str, module: str) -> Subject:
    name = f"{operation}: the code of its bugs"
    return Subject(
        name,
        operation,
        False,
        FLOAT64,
        lambda: _code(correct(operation, module)),
    )


def _of_formulas(operation: str) -> Iterator[Subject]:
    for back in (False, True):
        reference = REFERENCES.get(f"{operation}{'.pullback' * back}")
        for each in () if reference is None else reference.algorithms:
            yield _accepted(operation, each, back)


def _every() -> Iterator[Subject]:
    for operation in CALLS:
        yield from _of_formulas(operation)
        planted = [x for x in MUTANTS.values() if x.operation == operation]
        for module in sorted({x.code for x in planted}):
            yield _whole(operation, module)
        for mutant in planted:
            if mutant.target in (FLOAT64, FLOAT32):
                yield _planted(mutant)


@cache
def subjects() -> Mapping[str, Subject]:
    """All of them, by name: those of an operation one after the other."""
    return MappingProxyType({each.name: each for each in _every()})


def left_out() -> Mapping[str, int]:
    """How many bugs are of operations without a plain test, and on other targets."""
    planted = MUTANTS.values()
    without = sum(x.operation not in CALLS for x in planted)
    kept = sum(each.bug for each in subjects().values())
    return {"without": without, "elsewhere": len(planted) - without - kept}


def uncovered() -> set[str]:
    """Operations that have neither a plain test nor a reason for having none."""
    return {*OPS} - {*CALLS}
