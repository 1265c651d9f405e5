"""Which ranks a function takes: it is asked of no others, and that is said.

What is refused is told by a call, never by a signature. A rank is left out only where
the function raises whatever the shape is: where it answers for some of them, as one
without keepdims does for square arrays, what it refuses is a verdict.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from scratchnet.errors import ScratchnetError
from scratchnet.testing.binding import Binding
from scratchnet.testing.case import Case
from scratchnet.testing.cases import deck
from scratchnet.testing.formats import FLOAT64
from scratchnet.testing.op import Op
from scratchnet.testing.report import Result, gravity
from scratchnet.testing.search import Tally, examples_of
from scratchnet.testing.strategies.layout import contiguous
from scratchnet.testing.subject import Refusal, said
from scratchnet.testing.suspects import ORDINARY, is_ordinary
from scratchnet.testing.targets import Target

#: So many moderate examples of each rank are looked through for such as are called.
_DRAWN = 40
#: Seconds for each rank, where it is asked which of them a broken law holds of.
_SECONDS = 1.0
#: So many examples of a rank tell whether a law holds of it, where the law is broken as
#: often as this of the others.
_FEWEST, _OFTEN = 15, 0.25


def of_taken_ranks(binding: Binding, again: Callable[[Op], Binding], /) -> Binding:
    """The binding to those ranks that its function takes somewhere; to all of them
    where it takes none: then it is broken, and the laws say how.

    again: binds the function to an operation anew. Which targets it runs on, and
    whether autograd can follow it, shows with arrays that it takes.
    """
    ranks = {rank: _refused(binding, rank) for rank in _ranks(binding.operation)}
    taken = tuple(rank for rank, why in ranks.items() if not why)
    fewer = _refuses_fewer(binding) if taken else ""
    if not taken or (len(taken) == len(ranks) and not fewer):
        return binding
    left = [f"arrays of fewer dimensions: {fewer}"] if fewer else []
    left += [f"{rank}-d arrays: {why}" for rank, why in ranks.items() if why]
    narrowed = again(binding.operation.restrict(ranks=taken))
    return replace(narrowed, untested=(*narrowed.untested, *left))


def by_rank(broken: Iterable[Result], seed: int, /) -> list[str]:
    """Of what ranks a broken law holds, in a sentence, where it does of some.

    The first of them that is broken by ordinary numbers is asked, of each rank by
    itself, on ordinary numbers.
    """
    for result in broken:
        if result.law.everywhere and is_ordinary(gravity(result)):
            return _said_by_rank(result, seed)
    return []


def _said_by_rank(result: Result, seed: int) -> list[str]:
    """Nothing is said of a law that is broken now and then: where it holds of a rank
    may be chance."""
    shares = {rank: _share(result, rank, seed) for rank in _every(result)}
    known = {rank: x for rank, x in shares.items() if x is not None}
    right = [rank for rank, x in known.items() if not x]
    wrong = [rank for rank, x in known.items() if x]
    if not (right and wrong) or min(known[rank] or 0 for rank in wrong) < _OFTEN:
        return []
    said = " and ".join(f"{rank}-d" for rank in right)
    others = " and ".join(f"{rank}-d" for rank in wrong)
    narrowed = ",".join(map(str, right))
    return [
        f"{result.law} holds of {said} arrays, and is broken of {others} ones: if "
        f"these are all that it is for, --dims {narrowed}"
    ]


def _every(result: Result) -> tuple[int, ...]:
    """The ranks that were drawn."""
    operation = result.subject.operation
    whole = operation.restriction.get("ranks")
    return _ranks(operation) if whole is None else tuple(whole)


def _share(result: Result, rank: int, seed: int) -> float | None:
    """Of how many ordinary examples of a rank the law is broken; None of too few."""
    operation = result.subject.operation
    with suppress(ScratchnetError):
        narrowed = operation.restrict(ranks=rank).of_families(ORDINARY)
        if narrowed is None:
            return None
        subject = replace(result.subject, operation=narrowed)
        drawn = examples_of(narrowed, subject, _DRAWN, seed, Tally())
        cases = [x for _, x in islice(drawn, _DRAWN) if result.law.accepts(subject, x)]
        until = time.perf_counter() + _SECONDS
        found = []
        for case in cases:
            found.append(result.law.asked(subject, case).verdict == result.verdict)
            if time.perf_counter() > until:
                break
        return sum(found) / len(found) if len(found) >= _FEWEST else None
    return None


def _ranks(operation: Op) -> tuple[int, ...]:
    """Those of the widest argument that are drawn; none where they are told, or belong
    to what the operation is."""
    if operation.rows is False or "ranks" in operation.restriction:
        return ()
    core = max(map(len, operation.planner.signature.inputs))
    return tuple(core + each for each in operation.planner.dims)


def _refused(binding: Binding, rank: int) -> str:
    """What the function raises for every array of a rank; empty where it answers."""
    try:
        operation = binding.operation.restrict(ranks=rank)
    except ScratchnetError:
        return ""
    return _raised_always(binding, _moderate(operation))


def _refuses_fewer(binding: Binding) -> str:
    """The same of arrays without those core dimensions that may be left out, as of a
    vector in place of a matrix."""
    operation = binding.operation
    if "?" not in operation.signature or "ranks" in operation.restriction:
        return ""
    every = [x for x in _moderate(operation) if _lacks(x, operation)]
    return _raised_always(binding, every)


def _lacks(case: Case, operation: Op) -> bool:
    return any(
        x.ndim < core for x, core in zip(case.arrays, operation.cores, strict=False)
    )


def _raised_always(binding: Binding, cases: Iterable[Case]) -> str:
    """What the function raises first, where it raises for all of these everywhere."""
    asked = list(_plain(cases))
    why = ""
    for target in binding.targets:
        for case in asked:
            if not (raised := _raised(binding, target, case)):
                return ""
            why = why or raised
    return why


def _moderate(operation: Op) -> Iterable[Case]:
    drawn = operation.of_families(("moderate",)) or operation
    return deck(drawn, FLOAT64, _DRAWN, 0)


def _plain(cases: Iterable[Case]) -> Iterator[Case]:
    """Some of them, contiguous: of sides of 2 and more first, and then of any."""
    every = list(cases)
    full = [x for x in every if all(min(a.shape, default=2) > 1 for a in x.arrays)]
    others = [x for x in every if x not in full and all(a.size for a in x.arrays)]
    for case in (*full[:4], *others[:4]):
        yield replace(case, layouts=(contiguous,) * len(case.layouts))


def _raised(binding: Binding, target: Target, case: Case) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            binding.on(target)(case)
        except Refusal as refusal:
            error = refusal.args[0]
            # What ends the process refuses nothing.
            if isinstance(error, Exception):
                return f"it raises {said(error).partition(chr(10))[0]}"
    return ""
