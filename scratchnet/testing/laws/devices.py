"""Laws of devices: what is given to one is computed there."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from scratchnet.arrays import dtype_name
from scratchnet.testing.case import Case
from scratchnet.testing.formats import FORMATS
from scratchnet.testing.laws.finding import Finding, together
from scratchnet.testing.laws.law import law
from scratchnet.testing.laws.loaders import batches_of
from scratchnet.testing.laws.memory import arrays_of
from scratchnet.testing.laws.optimizers import started
from scratchnet.testing.op import Op
from scratchnet.testing.subject import Subject
from scratchnet.testing.transfers import reads

#: Of arrays this small what is read one by one is not counted: a least and a largest
#: number are no more. Examples with more elements come in every deck.
_FEW = 16


def _takes_numbers(operation: Op) -> bool:
    """Whether any argument is floating: of indices alone results are of any dtype."""
    return not operation.any_dtype


def _has_several(subject: Subject, case: Case) -> bool:
    """Whether an argument holds two floating numbers or more: one may be read."""
    del subject
    return any(x.size > 1 and x.dtype.kind == "f" for x in case.arrays)


@law(accepts=_has_several, everywhere=True, of=_takes_numbers, on_device=True)
def nothing_is_computed_on_the_host(subject: Subject, case: Case) -> Finding:
    """What is given to a device is computed there, forwards and back.

    Claim   while f runs, and its pullback, fewer floating numbers are read on the host
            than the largest argument has
    Kills   x.cpu() and back; NumPy called in between; a loop over float(x[i])
    Misses  single numbers, labels and masks that are read; what is smaller than the
            largest argument; what is read by ways that are not watched, as of bits
    """
    call = case.on(subject.target)
    _, forwards = _watched(subject, "f", subject.at, call, arrays_of(call))
    if subject.vjp is None or case.op.gradient is None:
        return forwards
    (g, *arguments), options = case.of_pullback().on(subject.target)
    call = (tuple(arguments), options)
    given = arrays_of(call)
    (_, pullback), rule = _watched(
        subject, "the VJP rule", subject.back_at, call, given
    )
    _, back = _watched(subject, "the pullback", pullback, (g,), [g, *given])
    return together((forwards, rule, back))


def _watched(
    subject: Subject,
    who: str,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    given: list[Any],
) -> tuple[Any, Finding]:
    """What a function returns, and whether it took too much of what it was given."""
    target = subject.target
    with reads(target) as read:
        result = function(*arguments)
    most = max(prod(x.shape) for x in given if dtype_name(x.dtype) in FORMATS)
    # Single numbers may be looked at: as many as make an array are taken one by one.
    singles = read.singles if most > _FEW else 0
    if (numbers := read.numbers + singles) < most:
        return result, Finding(compared=1)
    said = (
        f"{who} read {numbers} floating numbers on the host, where the largest "
        f"argument has {most}: expected them to stay on {target}"
    )
    return result, Finding("MISPLACED", said)


@law(
    accepts=_has_several,
    kind="loader",
    everywhere=True,
    of=_takes_numbers,
    on_device=True,
)
def batches_are_made_on_the_device(subject: Subject, case: Case) -> Finding:
    """Rows that live on a device are taken there, and their batches live there.

    Claim   in an epoch fewer floating numbers are read on the host than there are in
            the rows; each batch lives where the rows do
    Kills   rows copied to the host to be picked there; batches that are left there
    Misses  labels, and numbers of rows, that are read; single numbers
    """
    (rows, labels), options = case.on(subject.target, laid=False)

    def epoch() -> list[Any]:
        return batches_of(subject.directly(rows, labels, **options), case)

    batches, found = _watched(subject, "an epoch", epoch, (), [rows])
    for x, _ in batches:
        if not subject.target.holds(x):
            kind = f"{type(x).__module__}.{type(x).__name__}"
            said = f"a batch of {kind}, expected an array on {subject.target}"
            return Finding("MISPLACED", said)
    return found


@law(
    accepts=_has_several,
    kind="optimizer",
    everywhere=True,
    of=_takes_numbers,
    on_device=True,
)
def steps_are_taken_on_the_device(subject: Subject, case: Case) -> Finding:
    """Parameters that live on a device are moved there.

    Claim   in a step fewer floating numbers are read on the host than the largest
            parameter has
    Kills   parameters copied to the host and back; a loop over float(p[i])
    Misses  single numbers that are read; what is smaller than the largest parameter
    """
    parameters, gradients, options = started(subject, case)

    def step() -> Any:
        return subject.directly(parameters, gradients, {}, **options)

    given = [*parameters.values(), *gradients.values()]
    return _watched(subject, "a step", step, (), given)[1]
