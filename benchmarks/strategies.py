"""How many small cases a CPU-second draws: ours, hypothesis-gufunc's and Hypothesis'.

Small is at most 16 elements in all arguments. Drawing is all that is done: the test has
an empty body. Seconds are the processor's, with what Hypothesis does around a case.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays, mutually_broadcastable_shapes
from hypothesis.strategies import SearchStrategy
from measure import CASES, ROUNDS, per_second, table

from scratchnet.testing.strategies import arguments, gufunc

#: What is drawn is limited so that no case has more than 16 elements in all.
LIMITS = {
    "(),()->()": {"max_side": 2, "max_dims": 3},
    "(m,k),(k,p)->(m,p)": {"max_side": 2, "max_dims": 1},
}
ELEMENTS = st.floats(-8, 8)
GOAL = 800


def ours(signature: str, **limits: int) -> SearchStrategy[Any]:
    """Shapes, values of every family and layouts."""
    return arguments(signature, library="numpy", **limits)


def gufunc_args(signature: str, *, max_side: int, max_dims: int) -> SearchStrategy[Any]:
    """hypothesis-gufunc's arguments, element by element too: contiguous floats."""
    return gufunc.library().gufunc_args(
        signature,
        dtype="float64",
        elements=ELEMENTS,
        max_side=max_side,
        max_dims_extra=max_dims,
    )


@st.composite
def hypothesis_arrays(draw: st.DrawFn, signature: str, **limits: int) -> Any:
    """Hypothesis' shapes and arrays, without its fill: contiguous floats."""
    shapes = draw(
        mutually_broadcastable_shapes(signature=signature, min_side=0, **limits)
    ).input_shapes
    parts = (arrays("float64", s, elements=ELEMENTS, fill=st.nothing()) for s in shapes)
    return tuple(map(draw, parts))


GENERATORS: dict[str, Callable[..., SearchStrategy[Any]]] = {
    "scratchnet, `arguments`": ours,
    "hypothesis-gufunc, `gufunc_args`": gufunc_args,
    "Hypothesis, `arrays` without fill": hypothesis_arrays,
}


def rate(strategy: SearchStrategy[Any], *, start: int) -> float:
    """Cases drawn per second of the processor, from this seed."""
    drawn = 0

    @seed(start)
    @settings(
        max_examples=CASES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(_: Any) -> None:
        nonlocal drawn
        drawn += 1

    began = time.process_time()
    draw()
    return drawn / (time.process_time() - began)


def measured() -> dict[tuple[str, str], list[float]]:
    """Rates of each generator and signature, in turn."""
    rates: dict[tuple[str, str], list[float]] = {}
    for start in range(ROUNDS):
        for signature, limits in LIMITS.items():
            for name, generator in GENERATORS.items():
                one = partial(rate, generator(signature, **limits))
                found = one(start=start)
                rates.setdefault((name, signature), []).append(found)
    return rates


def main() -> None:
    """Print the table."""
    rows = [
        [name, f"`{signature}`", per_second(x)]
        for (name, signature), x in measured().items()
    ]
    print(
        "Cases of at most 16 elements in all arguments, per CPU-second; median of "
        f"{ROUNDS} interleaved rounds of {CASES:,} cases. The goal is "
        f"{GOAL}. Ours come in every family and layout, the others' are contiguous "
        "and moderate.\n"
    )
    print(table(["generator", "signature", "cases per CPU-second"], rows))


if __name__ == "__main__":
    main()
