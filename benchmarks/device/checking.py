"""Checks of functions on a device: examples per second, and where their time goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import scratchnet
from device.clock import Clock, repeated
from device.plan import Plan
from scratchnet.arrays import Array
from scratchnet.layers import Linear
from scratchnet.optim import SGD
from scratchnet.testing import LAWS, Case, Op, Subject, check, ops, search
from scratchnet.testing.binding import bind
from scratchnet.testing.cases import deck
from scratchnet.testing.engine import hold
from scratchnet.testing.laws import finding
from scratchnet.testing.report import Result

DRAWING, PLACING, SUBJECT = "drawing", "placing", "the function"
BACK, ORACLE, COMPARING = "copying back", "the oracle", "comparing"
PARTS = (DRAWING, PLACING, SUBJECT, BACK, ORACLE, COMPARING)
REST = "the rest"
LAW = LAWS["equals_the_oracle"]
Function = Callable[..., Any]


def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """A layer as a function of its parameters."""
    return Linear(weight, bias)(x)


def sgd(p: Array, g: Array, v: Array | None = None, **hyper: Any) -> tuple[Array, ...]:
    """A step of one parameter, and its velocity where it has one."""
    before = {} if v is None else {"p": v}
    new, velocities = SGD(**hyper).step({"p": p}, {"p": g}, before)
    return new["p"], *velocities.values()


CHECKED: Mapping[str, tuple[Function, Op]] = {
    "softmax": (scratchnet.softmax, ops.softmax),
    "linear": (linear, ops.linear),
    "cross_entropy": (scratchnet.cross_entropy, ops.cross_entropy),
    "sgd": (sgd, ops.sgd),
}


def measured(plan: Plan, clock: Clock, failures: list[str]) -> Iterator[dict[str, Any]]:
    """A row for each function on each target, the device's beside the CPU's."""
    devices = dict.fromkeys((clock.device, "cpu"))
    targets = [f"torch:{x}:{form}" for form in ("float32", "float64") for x in devices]
    for name, (function, operation) in CHECKED.items():
        bound = bind(function, operation, targets=targets)
        subjects = [bound.on(target) for target in bound.targets]
        try:
            rates = _rates(subjects, plan)
            for subject, found in zip(subjects, rates, strict=True):
                yield {
                    "operation": name,
                    "target": str(subject.target),
                    "rates": found,
                    **_parted(subject, plan, clock),
                    "all laws": _all_laws(function, operation, subject, plan),
                }
        except Broken as broken:
            failures.append(f"{name}: {broken}")


def _rates(subjects: list[Subject], plan: Plan) -> list[list[float]]:
    """Examples per second of the host of one law, of each subject in turn."""
    for subject in subjects:
        _held(subject, 2, start=2**20)  # warms up: kernels are loaded once
    rates: list[list[float]] = [[] for _ in subjects]

    def one_round() -> None:
        for subject, mine in zip(subjects, rates, strict=True):
            began = time.perf_counter()
            result = _held(subject, plan.examples, start=len(mine))
            mine.append(result.examples / (time.perf_counter() - began))

    repeated(one_round, seconds=plan.seconds)
    return rates


def _held(subject: Subject, examples: int, *, start: int) -> Result:
    """What the law finds of so many examples, drawn for it alone.

    Raises Broken where it does not hold: a check that ends early is not timed.
    """
    deck.cache_clear()
    result = hold(LAW, subject, examples=examples, start=start)
    if not result.ok:
        raise Broken(f"{LAW} on {subject.target}: {result.finding}")
    return result


def _all_laws(
    function: Function, operation: Op, subject: Subject, plan: Plan
) -> dict[str, float]:
    """Examples of all laws together, which share what is drawn, and the seconds."""
    deck.cache_clear()
    began = time.perf_counter()
    asked = check(function, operation, targets=[subject.target], examples=plan.checked)
    seconds = time.perf_counter() - began
    return {"examples": sum(x.examples for x in asked.results), "seconds": seconds}


class Broken(Exception):  # noqa: N818 - a finding, not an error
    """A law does not hold: which, where, and what was found."""


class Stopwatch:
    """Seconds of each part, those of parts within it left out."""

    def __init__(self, settle: Callable[[], None]) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self._settle, self._within = settle, 0.0

    def timed(self, part: str, function: Function) -> Function:
        """The function, whose calls count for this part until the device is done."""

        def call(*arguments: Any, **options: Any) -> Any:
            outer, self._within = self._within, 0.0
            began = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                self._settle()
                whole = time.perf_counter() - began
                self.seconds[part] += whole - self._within
                self._within = outer + whole

        return call


@contextmanager
def watched(stopwatch: Stopwatch) -> Iterator[None]:
    """Within, the parts of a check are timed where the harness calls them."""
    places: tuple[tuple[str, Any, str], ...] = (
        (DRAWING, search, "deck"),
        (PLACING, Case, "on"),
        (SUBJECT, Subject, "directly"),
        (BACK, finding, "host"),
        (ORACLE, Case, "oracle"),
        (ORACLE, Case, "worse_oracle"),
        (COMPARING, finding, "within"),
    )
    with ExitStack() as stack:
        for part, owner, name in places:
            timed = stopwatch.timed(part, getattr(owner, name))
            stack.enter_context(patch.object(owner, name, timed))
        yield


def _parted(subject: Subject, plan: Plan, clock: Clock) -> dict[str, Any]:
    """Seconds of each part in the rounds that time allows, and of the whole."""
    stopwatch, whole, examples = Stopwatch(clock.settle), 0.0, 0

    def one_round() -> None:
        nonlocal whole, examples
        began = time.perf_counter()
        examples += _held(subject, plan.examples, start=examples).examples
        whole += time.perf_counter() - began

    with watched(stopwatch):
        repeated(one_round, seconds=plan.seconds / 4)
    return {"parts": stopwatch.seconds, "whole": whole, "examples": examples}
