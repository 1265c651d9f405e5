"""How many whole checks a CPU-second makes: draw, run, oracle with its bound, compare.

Each case is small, at most 16 elements in all arguments, and drawn for one check alone;
`check` makes more of them, as laws and targets share a case and its oracle. Seconds are
the processor's, with what Hypothesis does around a case.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import settings
from measure import CASES, ROUNDS, per_second, table

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


def rate(subject: Subject, *, start: int) -> float:
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
        run_on(drawn, check, settings(SETTINGS, max_examples=CASES), start)
    return checked / (time.process_time() - began)


def measured() -> dict[tuple[str, str], list[float]]:
    """Rates of each operation and format, in turn."""
    rates: dict[tuple[str, str], list[float]] = {}
    for start in range(ROUNDS):
        for name, (function, operation) in CHECKED.items():
            bound = bind(function, operation, targets=[f"numpy:{x}" for x in FORMATS])
            for target in bound.targets:
                found = rate(bound.on(target), start=start)
                rates.setdefault((name, target.format.name), []).append(found)
    return rates


def main() -> None:
    """Print the table."""
    rows = [
        [f"`{name}`", form, per_second(x)] for (name, form), x in measured().items()
    ]
    print(
        "Whole checks of at most 16 elements in all arguments, per CPU-second: draw, "
        "run, oracle with its bound over all accepted algorithms, compare; median of "
        f"{ROUNDS} rounds of {CASES:,} cases. The goal is {GOAL}.\n"
    )
    print(table(["operation", "format", "checks per CPU-second"], rows))


if __name__ == "__main__":
    main()
