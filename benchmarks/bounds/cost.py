"""What a check costs: the oracle of an operation and the comparison with it.

Run: python benchmarks/bounds/cost.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from bugs import log_softmax, softmax

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import interleaved, table

from scratchnet import losses
from scratchnet.testing import REFERENCES, oracle, within

Reals = np.ndarray[Any, Any]
#: Operands, the function of them, and its oracle.
Check = tuple[tuple[Any, ...], Callable[..., Any], Callable[..., Any]]
KINDS = {"float32 / float64": np.float32, "float64 / long double": np.float64}
SIZES = (10, 100, 1000, 10_000, 100_000)
CLASSES = 10
ROUNDS, SECONDS = 7, 0.05


def plain(x: Any) -> Any:
    """softmax in array code, as a user writes it."""
    powers = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return powers / np.sum(powers, axis=-1, keepdims=True)


def plain_logarithm(x: Any) -> Any:
    """log_softmax in array code."""
    shifted = x - np.max(x, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))


def of_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """The oracle of a function as it is written."""
    return lambda *inputs: oracle(function, *inputs)


def checks(kind: type, size: int) -> Mapping[str, Check]:
    """The checks of so many numbers."""
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=size).astype(kind) for _ in range(2))
    rows = x.reshape(-1, CLASSES)
    labels = rng.integers(0, CLASSES, len(rows))
    all_of = {name: REFERENCES[name].oracle for name in REFERENCES}
    return {
        "x + y": ((x, y), np.add, of_function(np.add)),
        "x * y": ((x, y), np.multiply, of_function(np.multiply)),
        "exp(x)": ((x,), np.exp, of_function(np.exp)),
        "sum(x)": ((x,), np.sum, of_function(np.sum)),
        "softmax as written": ((rows,), softmax, of_function(plain)),
        "log_softmax as written": ((rows,), log_softmax, of_function(plain_logarithm)),
        "softmax, each algorithm": ((rows,), softmax, all_of["softmax"]),
        "log_softmax, each algorithm": ((rows,), log_softmax, all_of["log_softmax"]),
        "cross_entropy, each algorithm": (
            (rows, labels),
            losses.cross_entropy,
            all_of["cross_entropy"],
        ),
    }


def microseconds(kind: type, size: int) -> list[tuple[float, float]]:
    """The plain function, and the check of its result, for each of the checks."""

    def timed(check: Check) -> tuple[float, float]:
        inputs, function, allowed = check
        actual = np.asarray(function(*inputs))
        works = (lambda: function(*inputs), lambda: within(actual, allowed(*inputs)))
        times = interleaved(works, rounds=ROUNDS, seconds=SECONDS)
        # The fastest round: what else ran on the machine only adds.
        return min(times[0]) * 1e6, min(times[1]) * 1e6

    return [timed(check) for check in checks(kind, size).values()]


def small() -> str:
    """The table of 1000 numbers."""
    columns = [microseconds(kind, 1000) for kind in KINDS.values()]
    rows = []
    for i, name in enumerate(checks(np.float32, 1000)):
        (plain32, check32), (_, check64) = (column[i] for column in columns)
        times = (plain32, check32, check64)
        rows.append([name, *(f"{t:,.0f}" for t in times), f"{check64 / check32:.1f}"])
    header = ["operation", "itself, us", *(f"{kind}, us" for kind in KINDS), "ratio"]
    return table(header, rows)


def growing() -> str:
    """The table of sizes, in float32."""
    columns = [microseconds(np.float32, size) for size in SIZES]
    rows = [
        [name, *(f"{column[i][1]:,.0f}" for column in columns)]
        for i, name in enumerate(checks(np.float32, 1000))
    ]
    return table(["operation", *(f"{size:,}" for size in SIZES)], rows)


def main() -> None:
    """Print both tables."""
    print(
        f"Microseconds of a check with its oracle; the fastest of {ROUNDS} rounds. "
        f"1000 numbers, {CLASSES} classes:\n\n{small()}\n\n"
        f"float32 against float64, by the number of elements:\n\n{growing()}"
    )


if __name__ == "__main__":
    main()
