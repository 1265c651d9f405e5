"""Results judged, each on its own, against the oracle of a reference: no tolerances.

Who is judged computes in the dtype of the target; the oracle, on the host, starts from
the very same numbers and says how far off any correct implementation may be.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.arrays import Array, is_array, to_numpy
from scratchnet.testing import evaluate
from scratchnet.testing.bounded import Bounded
from scratchnet.testing.compare import Comparison, within
from scratchnet.testing.references import REFERENCES


def host(x: Any) -> Any:
    """An array of any library and device as one of NumPy; all else as it is."""
    if isinstance(x, np.ndarray | Bounded) or not is_array(x):
        return x
    return to_numpy(x)


def oracle(name: str, /, *inputs: Any, **options: Any) -> Any:
    """What the reference of this name allows for these inputs, wherever they lie.

    Bound-carrying inputs compose: the bound of a result is one of the whole way.
    """
    options = {name: host(x) for name, x in options.items()}
    return REFERENCES[name].oracle(*map(host, inputs), **options)


def exactly(x: Array) -> Bounded:
    """The oracle that allows x alone."""
    return evaluate.oracle(lambda x: x, host(x))


def inside(actual: Any, expected: Bounded, /) -> None:
    """Assert that a result is inside its bound, which says something everywhere."""
    assert isinstance(expected, Bounded)
    found = within(actual, expected)
    assert found.ok, found.message
    assert found.vacuous == 0


def agrees(function: Any, /, *inputs: Any) -> None:
    """Assert that a function's own result is inside the bound of its oracle."""
    inside(function(*inputs), evaluate.oracle(function, *inputs))


def judge(
    expected: Any, /, *, like: Array | None = None, **results: Any
) -> dict[str, tuple[Comparison, ...]]:
    """Assert that each result, under the name of who computed it, is what is allowed.

    expected: an oracle, or a tuple of them for results that are tuples.
    like: what ours, whose name begins with that, shares library, dtype and device with.
    """
    assert results, "nothing to judge"
    found = {
        who: tuple(
            within(part, allowed, like=like if who.startswith("ours") else None)
            for part, allowed in zip(_parts(result), _parts(expected), strict=True)
        )
        for who, result in results.items()
    }
    wrong = [
        f"{who}, part {i}: {comparison}"
        for who, comparisons in found.items()
        for i, comparison in enumerate(comparisons)
        if not comparison.ok
    ]
    assert not wrong, "\n".join(wrong)
    return found


def _parts(x: Any) -> tuple[Any, ...]:
    return x if isinstance(x, tuple) else (x,)
