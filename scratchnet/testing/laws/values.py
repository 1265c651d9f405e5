"""Laws of values: what a function gives is what the oracle allows."""

from __future__ import annotations

from scratchnet.testing.case import Case
from scratchnet.testing.laws.law import Finding, inside, law
from scratchnet.testing.strategies.family import GRID
from scratchnet.testing.subject import Subject


@law(everywhere=True)
def equals_the_oracle(subject: Subject, case: Case) -> Finding:
    """Every element is within its error bound of the oracle.

    Claim   abs(f(x) - oracle(x)) <= bound(x), element by element
    Kills   wrong formulas, axes and constants; overflow and NaN that need not be
    Misses  what shows in other calls only: state, shared memory, written inputs
    """
    return inside(
        subject(case),
        case.oracle(subject.contract),
        lambda: case.worse_oracle(subject.contract),
    )


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
    return inside(subject(case, laid=False), case.oracle(subject.contract))
