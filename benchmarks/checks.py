"""How many whole checks a CPU-second makes: draw, run, oracle with its bound, compare.

Each case is small, at most 16 elements in all arguments, and drawn for one check alone;
`check` makes more of them, as laws and targets share a case and its oracle. Seconds are
the processor's, with what Hypothesis does around a case.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from hypothesis import settings
from measure import table

from scratchnet.testing import LAWS, Case, Op, Subject, cases, ops
from scratchnet.testing.binding import bind
from scratchnet.testing.cases import SETTINGS, run_on

GOAL = 400
FORMATS = ("float32", "float64")


def softmax(x: Any, *, axis: int = -1) -> Any:
    """Softmax as a user writes it."""
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def mse(x: Any, y: Any, *, reduction: str) -> Any:
    """The mean squared error, its sum, or its parts."""
    parts = (x - y) ** 2
    return parts if reduction == "none" else getattr(parts, reduction)()


#: Functions with their operations, so narrowed that no case has more than 16 elements.
CHECKED: dict[str, tuple[Callable[..., Any], Op]] = {
    "relu": (lambda x: np.maximum(x, 0), ops.relu.restrict(max_side=2)),
    "matmul": (np.matmul, ops.matmul.restrict(max_side=2, ranks=(2, 3))),
    "mse": (mse, ops.mse.restrict(max_side=2)),
    "softmax": (softmax, ops.softmax.restrict(max_side=2, ranks=(1, 2, 3))),
}


def rate(subject: Subject, *, count: int, start: int) -> float:
    """Whole checks per second of the processor, of cases drawn from this seed."""
    law = LAWS["equals_the_oracle"]
    checked = 0

    def check(case: Case) -> None:
        nonlocal checked
        if sum(x.size for x in case.arrays) > 16:
            raise AssertionError(f"more than 16 elements: {case}")
        if not law.check(subject, case).ok:
            raise AssertionError(f"{law} is broken: {case}")
        checked += 1

    drawn = cases(subject.operation, dtype=subject.target.format)
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the mean of nothing
        run_on(drawn, check, settings(SETTINGS, max_examples=count), start)
    return checked / (time.process_time() - began)


def measured(*, count: int, rounds: int) -> dict[tuple[str, str], list[float]]:
    """Rates of each operation and format, in turn."""
    rates: dict[tuple[str, str], list[float]] = {}
    for start in range(rounds):
        for name, (function, operation) in CHECKED.items():
            bound = bind(function, operation, targets=[f"numpy:{x}" for x in FORMATS])
            for target in bound.targets:
                found = rate(bound.on(target), count=count, start=start)
                rates.setdefault((name, target.format.name), []).append(found)
    return rates


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    rates = measured(count=options.count, rounds=options.rounds)
    rows = [
        [f"`{name}`", form, f"{median(x):,.0f} ({min(x):,.0f} to {max(x):,.0f})"]
        for (name, form), x in rates.items()
    ]
    print(
        "Whole checks of at most 16 elements in all arguments, per CPU-second: draw, "
        "run, oracle with its bound over all accepted algorithms, compare; median of "
        f"{options.rounds} rounds of {options.count:,} cases. The goal is {GOAL}.\n"
    )
    print(table(["operation", "format", "checks per CPU-second"], rows))


if __name__ == "__main__":
    main()
