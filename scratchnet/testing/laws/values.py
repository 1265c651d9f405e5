"""Laws of values: what a function gives is what the oracle allows."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from scratchnet.arrays import Array, dtype_name, is_array
from scratchnet.testing.case import Case, codes_of
from scratchnet.testing.formats import FORMATS, Format
from scratchnet.testing.laws.finding import (
    Finding,
    Misplaced,
    judged,
    miscounted,
    raised,
)
from scratchnet.testing.laws.law import law
from scratchnet.testing.strategies.family import GRID
from scratchnet.testing.subject import Refusal, Subject, host


@law(everywhere=True)
def equals_the_oracle(subject: Subject, case: Case) -> Finding:
    """Every element is within its error bound of the oracle.

    Claim   abs(f(x) - oracle(x)) <= bound(x), element by element
    Kills   wrong formulas, axes and constants; overflow and NaN that need not be
    Misses  what shows in other calls only: state, shared memory, written inputs
    """
    return judged(subject, case, subject(case))


def _is_exact(subject: Subject, case: Case) -> bool:
    return all(each.is_exact for each in case.oracle(subject.contract))


@law(accepts=_is_exact, everywhere=True, families=(GRID.name,), of=lambda op: op.exact)
def is_exact_on_the_grid(subject: Subject, case: Case) -> Finding:
    """Where nothing has to round, not a bit may differ: on no target from another.

    Claim   f(x) == oracle(x) where every number and every sum is a small integer
    Kills   any error at all in sums and products: lost terms, constants a little off
    Misses  what rounds: exponentials, divisions, roots; factors or sums in a narrower
            format that holds such small integers, as TF32 does
    """
    return judged(subject, case, subject(case, laid=False))


#: Those of pictures, and those that NumPy makes of a list.
_WHOLE = (np.uint8, np.int64)


def _takes_integers(subject: Subject, case: Case) -> bool:
    return all(each.size for each in case.oracle(subject.contract))


@law(accepts=_takes_integers, of=lambda op: bool(op.integers))
def integers_stand_for_numbers(subject: Subject, case: Case) -> Finding:
    """Of integers it computes in floating point, or refuses them.

    Claim   f(k) raises, or is in a floating format, and inside its bound of f(x), for
            the numbers x that the integers k are
    Kills   bytes that wrap around; numbers that are cut to whole ones
    Misses  integers that are larger than a byte
    """
    whole: tuple[Array, ...] = case.once("integers", partial(_whole, case))
    call = case.with_calls(whole)
    try:
        finding = _of_integers(subject, case, call)
    except Refusal as refusal:
        if isinstance(refusal.args[0], Exception):
            return Finding(compared=1)
        finding = raised(refusal.args[0])
    except Misplaced as misplaced:
        finding = misplaced.args[0]
    return finding if finding.ok else finding.noted(f"of {call!r}")


def _of_integers(subject: Subject, case: Case, call: Case) -> Finding:
    """What is found of a call with integers, made of an example."""
    results = subject(call, laid=False)
    if wrong := miscounted(results, case.oracle(subject.contract), "result"):
        return wrong
    free = all(x.dtype.kind in "iu" for x in call.arguments)
    form = _format_of(results[0], subject, free)
    contract = subject.contract.with_format(form)
    numbers = case.once(
        ("integers", form),
        lambda: case.with_calls(x.astype(form.carrier) for x in call.arguments),
    )
    return judged(replace(subject, contract=contract), numbers, results)


def _whole(case: Case) -> tuple[Array, ...]:
    """The arguments, with integers for those that may be: as small as a byte."""
    kind = _WHOLE[case.index("whole", len(_WHOLE))]

    def made(i: int, x: Array) -> Array:
        byte = codes_of(case.root, f"integers {i}", x.shape)[..., -1]
        return byte if kind == np.uint8 else byte.view(np.int8).astype(kind)

    return tuple(
        made(i, x) if i in case.op.integers else x for i, x in enumerate(case.arguments)
    )


def _format_of(x: Any, subject: Subject, free: bool) -> Format:
    """The format of a result: of integers alone it may be any, else the target's.

    Raises Misplaced where it is none, or another.
    """
    dtype = dtype_name(x.dtype if is_array(x) else host(x).dtype)
    form, expected = FORMATS.get(dtype), subject.target.format
    if form is None or not (free or form == expected):
        said = "a floating one" if free else expected.name
        raise Misplaced(Finding("MISPLACED", f"dtype {dtype}, expected {said}"))
    return form
