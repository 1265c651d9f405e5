"""The law of refusals: what has no answer is given none."""

from __future__ import annotations

import numpy as np

from scratchnet.arrays import is_array
from scratchnet.testing.case import Case
from scratchnet.testing.laws.finding import Finding
from scratchnet.testing.laws.law import law
from scratchnet.testing.subject import Refusal, Subject, host, shown


def _is_refusable(subject: Subject, case: Case) -> bool:
    del subject
    return bool(case.op.refused(case))


@law(accepts=_is_refusable, of=lambda op: op.refuses)
def what_does_not_fit_is_refused(subject: Subject, case: Case) -> Finding:
    """What has no answer raises, as the reference does.

    Claim   f raises for shapes that do not fit, and for labels that are no class
    Kills   silent broadcasting, wrapping indices, arguments cut to fit
    Misses  what is said when it raises
    """
    other = refused_like(case)
    try:
        results = subject(other, laid=False)
    except Refusal as error:
        cause = error.args[0]
        if gone := subject.target.lost():
            return Finding("CRASHES", f"{other!r} ended the use of the device: {gone}")
        if isinstance(cause, Exception):
            return Finding(compared=1)
        return Finding("CRASHES", f"{type(cause).__name__} for {other!r}")
    given = ", ".join(
        f"a result of shape {host(x).shape}" if is_array(x) else shown(x)
        for x in results
    )
    said = f"{other!r} gave {given or 'no result'}\n  {_misfit(case, other)}"
    return Finding("ACCEPTS", said)


def refused_like(case: Case, /) -> Case:
    """The call that must raise which is asked about for an example."""
    wrong = case.op.refused(case)
    arguments, options = wrong[case.index("refusal", len(wrong))]
    return case.with_calls(arguments, options)


def _misfit(case: Case, other: Case) -> str:
    """What of another call does not fit, told by an example that does."""
    for name, value in other.options.items():
        if value is not case.options[name] and not is_array(value):
            return f"{name}={value!r} does not fit"
    pairs = list(zip(case.arguments, other.arguments, strict=True))
    if any(np.shape(x) != np.shape(y) for x, y in pairs if is_array(y)):
        shapes = ", ".join(str(x.shape) for x in other.arguments if is_array(x))
        return (
            f"arrays of shape {shapes} do not fit {case.op.called or case.op.signature}"
        )
    for i, (x, y) in enumerate(pairs):
        if not is_array(y):
            if x != y:
                return f"argument {i}, {y!r}, does not fit"
        elif x.dtype != y.dtype:
            return f"argument {i} of dtype {y.dtype} does not fit, {x.dtype} does"
        elif x is not y:
            return f"argument {i} holds what has no meaning: {shown(y)}"
    return "which has no answer"
