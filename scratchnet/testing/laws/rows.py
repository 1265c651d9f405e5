"""Laws of shapes: loop dimensions, empty arrays, and what a result is made of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

import numpy as np

from scratchnet.testing.bounded import Bounded
from scratchnet.testing.case import Call, Case, Shape
from scratchnet.testing.laws.finding import (
    Finding,
    agree,
    compared_with,
    judged,
    miscounted,
    of_kind,
    raised,
    together,
)
from scratchnet.testing.laws.law import law
from scratchnet.testing.op import Op
from scratchnet.testing.subject import Refusal, Subject, host


def loops(case: Case, /) -> tuple[Shape, ...]:
    """The loop dimensions of each array among the arguments."""
    names = case.op.cores
    if case.op.pullback_of is not None:
        # The cotangent has the loops of the result, and its core dimensions.
        base = max(x.ndim - n for x, n in zip(case.arrays[1:], names, strict=False))
        names = (case.arrays[0].ndim - base, *names)
    pairs = zip(case.arrays, names, strict=False)
    return tuple(x.shape[: max(0, x.ndim - count)] for x, count in pairs)


def _depth(case: Case) -> int:
    return max(map(len, loops(case)), default=0)


def _has_rows(subject: Subject, case: Case) -> bool:
    if not case.op.keeps_rows(case) or not (depth := _depth(case)):
        return False
    sides = [loop[0] for loop in loops(case) if len(loop) == depth]
    return (
        max(sides) >= 2
        and 0 not in sides
        and all(each.size for each in case.oracle(subject.contract))
    )


def _part(case: Case, pick: tuple[int | slice, ...], call: Call) -> Call:
    """The call with only some of each array along its loop dimensions.

    pick: an index or a slice for each, aligned from the right as loops are; a side of 1
    is what every index stands for.
    """
    arguments, options = call
    shapes = iter(loops(case))
    depth = len(pick)

    def taken(x: Any) -> Any:
        if not hasattr(x, "shape"):
            return x
        loop = next(shapes, ())
        chosen = tuple(
            _only(each) if side == 1 else each
            for side, each in zip(loop, pick[depth - len(loop) :], strict=True)
        )
        return x[(*chosen, ...)]

    return tuple(map(taken, arguments)), options


def _only(each: int | slice) -> int | slice:
    return 0 if isinstance(each, int) else slice(None)


@law(accepts=_has_rows, of=lambda op: op.rows is not False)
def rows_are_independent(subject: Subject, case: Case) -> Finding:
    """A row computed alone equals the same row computed in a batch.

    Claim   f(x)[i] == f(x[i:i+1])[0] for an index i of the first loop dimension
    Kills   a reduction over the loop axis; state carried from row to row
    Misses  an error that every row shares
    """
    depth = _depth(case)
    side = max(loop[0] for loop in loops(case) if len(loop) == depth)
    i = case.index("row", side)
    pick = (slice(i, i + 1), *(slice(None),) * (depth - 1))
    in_batch = subject(case)
    alone = subject.at(*_part(case, pick, case.on(subject.target)))
    oracles = case.oracle(subject.contract)
    for results in (in_batch, alone):
        if (wrong := miscounted(results, oracles, "result")) is not None:
            return wrong

    def same(oracles: tuple[Bounded, ...]) -> Finding:
        return together(
            _same_row(one, batch, oracle, i)
            for one, batch, oracle in zip(alone, in_batch, oracles, strict=True)
        )

    return compared_with(subject, case, same)


def _same_row(alone: Any, batch: Any, oracle: Bounded, i: int) -> Finding:
    one, whole = host(alone), host(batch)
    if whole.shape != oracle.shape or one.shape != (1, *oracle.shape[1:]):
        return Finding(
            "MISPLACED", f"a row alone has shape {one.shape}, all have {whole.shape}"
        )
    return agree(one[0], whole[i], _element(oracle, (i,)), what=f"row {i} alone")


def _element(oracle: Bounded, at: tuple[int, ...]) -> Bounded:
    return Bounded(oracle.value[at], oracle.contract, oracle.error[at])


def _broadcasts(subject: Subject, case: Case) -> bool:
    shapes = loops(case)
    return (
        case.op.keeps_rows(case)
        and len(shapes) > 1
        and 1 <= prod(np.broadcast_shapes(*shapes)) <= 64
        and _depth(case) > 0
        and all(each.size for each in case.oracle(subject.contract))
    )


def _is_broadcast(operation: Op) -> bool:
    return len(operation.cores) > 1 and operation.is_of_any_rank


@law(accepts=_broadcasts, of=_is_broadcast)
def broadcasting_equals_the_loop(subject: Subject, case: Case) -> Finding:
    """Broadcasting does what a loop over all indices does.

    Claim   f(x, y)[i, j] == f(x[i, j], y[i, j]) for every index of the loop dimensions
    Kills   shapes aligned from the left; a stretched side that is read beyond its end
    Misses  an error that every element shares
    """
    whole = subject(case)
    oracles = case.oracle(subject.contract)
    if (wrong := miscounted(whole, oracles, "result")) is not None:
        return wrong
    call = case.on(subject.target)
    indices = list(product(*map(range, np.broadcast_shapes(*loops(case)))))
    # A few of them, spread over all: each is a call of its own.
    few = indices[:: max(1, len(indices) // 4)]
    alone = {at: subject.at(*_part(case, at, call)) for at in few}
    for results in alone.values():
        if (wrong := miscounted(results, oracles, "result")) is not None:
            return wrong
    return compared_with(
        subject, case, lambda oracles: together(_loop(alone, whole, oracles))
    )


def _loop(
    alone: dict[Shape, tuple[Any, ...]],
    whole: tuple[Any, ...],
    oracles: tuple[Bounded, ...],
) -> Iterator[Finding]:
    """What the elements that were computed alone are, beside those of the whole."""
    for at, results in alone.items():
        for one, every, oracle in zip(results, whole, oracles, strict=True):
            if (shape := np.shape(host(every))) != oracle.shape:
                said = f"shape {shape}, expected {oracle.shape}"
                yield Finding("MISPLACED", said)
                return
            element = _element(oracle, at)
            yield agree(one, host(every)[at], element, what=f"element {list(at)}")


def _can_be_emptied(subject: Subject, case: Case) -> bool:
    del subject
    return case.op.keeps_rows(case) and case.op.pullback_of is None


@law(
    accepts=_can_be_emptied, of=lambda op: op.is_of_any_rank and op.pullback_of is None
)
def empty_and_0d_are_no_exceptions(subject: Subject, case: Case) -> Finding:
    """Without rows the result has none; without loop dimensions it is one element.

    Claim   f(x[:0]) is empty, and f(x[0, ..., 0]) == f(x)[0, ..., 0]
    Kills   code that takes a batch for granted; a maximum over nothing
    Misses  what is empty along a core dimension: examples of every law are
    """
    return together((_without_rows(subject, case), _without_loops(subject, case)))


def _without_rows(subject: Subject, case: Case) -> Finding:
    if case.op.restriction.get("empty") is False:
        return Finding()
    # Only what has loop dimensions may be without rows.
    cores = iter(case.op.cores[: case.op.batched])

    def emptied(x: Any) -> Any:
        core = next(cores, None) if isinstance(x, np.ndarray) else None
        # Where a core dimension is missing there is none before it.
        if core is None or x.ndim < core:
            return x
        return np.zeros((0, *x.shape[x.ndim - core :]), x.dtype)

    other = case.with_calls(map(emptied, case.arguments))
    return _judged(subject, other, "of x[:0]")


def _without_loops(subject: Subject, case: Case) -> Finding:
    if 0 in np.broadcast_shapes(*loops(case)):
        return Finding(compared=1)
    pick = (0,) * _depth(case)
    arguments, options = _part(case, pick, (case.arguments, dict(case.options)))
    other = case.with_calls(map(_array, arguments), options)
    return _judged(subject, other, "of an element")


def _judged(subject: Subject, other: Case, what: str) -> Finding:
    """Whether the results of another call than the example's are inside their bounds;
    where they are not, which call it was."""
    try:
        finding = judged(subject, other, subject(other, laid=False))
    except Refusal as refusal:
        finding = raised(refusal.args[0])
    return finding if finding.ok else finding.noted(f"{what}: {other!r}")


def _array(x: Any) -> Any:
    """An element as an array without axes; what never was an array as it is."""
    return np.asarray(x) if hasattr(x, "dtype") else x


@law(everywhere=True)
def results_are_of_their_kind(subject: Subject, case: Case) -> Finding:
    """A result has the dtype, the library and the device of the arguments.

    Claim   f(x) is an array of x's library, dtype and device, of the declared shape
    Kills   results in float64, on the host, as lists; shapes of (n, 1) for (n,)
    Misses  the values
    """
    results, oracles = subject(case), case.oracle(subject.contract)
    if (wrong := miscounted(results, oracles, "result")) is not None:
        return wrong
    return together(map(of_kind, results, oracles, [subject] * len(oracles)))
