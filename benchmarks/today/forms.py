"""The plain Hypothesis test: `@given(hnp.arrays(...))` and `assert_allclose`.

One test of the values and one of the gradients, as people write two functions. Each is
`assert_allclose(mine(x), trusted(x))`, with the examples that Hypothesis draws without
being told how many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from numpy.testing import assert_allclose

from today import trusted
from today.inputs import CALLS, Call, Numbers
from today.subjects import Code

#: Hypothesis' defaults; but no time limits and no database, so that each run is the
#: same, and nothing printed.
SETTINGS = settings(
    settings.get_profile("default"),
    database=None,
    deadline=None,
    derandomize=False,
    max_examples=100,
    print_blob=False,
    suppress_health_check=tuple(HealthCheck),
    verbosity=Verbosity.quiet,
)
#: The same, until an example fails: the smallest is not looked for.
FIRST = settings(SETTINGS, phases=(Phase.generate,), report_multiple_bugs=False)


@dataclass(frozen=True)
class Form:
    """A way to write the plain test: its numbers, and what is near enough."""

    name: str
    numbers: Numbers
    rtol: float
    atol: float = 0.0


#: In float32 the default asks for more than the format has: people write 1e-5.
RTOL = {"float64": 1e-7, "float32": 1e-5}
#: What tolerances are loosened to where these are not enough: those of `np.allclose`.
LOOSE = {"float64": (1e-5, 1e-8), "float32": (1e-4, 1e-6)}


def forms(dtype: str) -> tuple[Form, ...]:
    """The ways to write it for arrays of a dtype."""
    usual, wide = Numbers(dtype, 10.0), Numbers(dtype, None)
    return (
        Form("usual", usual, RTOL[dtype]),
        Form("wide", wide, RTOL[dtype]),
        Form("usual, loosened", usual, *LOOSE[dtype]),
        Form("wide, loosened", wide, *LOOSE[dtype]),
    )


class UntrustedError(Exception):
    """What is trusted has raised: no result of a test."""


@dataclass
class Ran:
    """What became of a test. first: the example that failed first, from 1 on; 0 for
    none. call, error: the last one that failed, and what it raised: the smallest, if
    that was looked for."""

    examples: int = 0
    first: int = 0
    call: Call | None = None
    error: Exception | None = field(default=None, repr=False)


#: A check of code by a call: raises where it fails.
Check = Callable[[Code, str, Call, Form], None]


def of_values(code: Code, operation: str, call: Call, form: Form) -> None:
    """The body of the test of values."""
    arguments, options = call
    found = code.function(*arguments, **options)
    _same(found, _trusted(trusted.value, operation, call), form)


def of_gradients(code: Code, operation: str, call: Call, form: Form) -> None:
    """The body of the test of gradients, of the sum of the result."""
    arguments, options = call
    if code.pullback is None:
        y, pullback = code.vjp(*arguments, **options)
        found = pullback(np.ones_like(y))
    else:
        y = _trusted(trusted.value, operation, call)
        found = code.pullback(np.ones_like(y), *arguments, **options)
    _same(found, _trusted(trusted.gradient, operation, call), form)


def _trusted(made: Callable[..., Any], operation: str, call: Call) -> Any:
    try:
        return made(operation, *call)
    except Exception as error:
        raise UntrustedError(f"{operation} of {call}") from error


def _same(found: Any, expected: Any, form: Form) -> None:
    if not isinstance(expected, tuple):
        found, expected = (found,), (expected,)
    for actual, desired in zip(found, expected, strict=True):
        assert_allclose(actual, desired, rtol=form.rtol, atol=form.atol)


def checks_of(code: Code) -> Iterator[Check]:
    """The tests that people write of it: of its values, of its gradients."""
    if code.function is not None:
        yield of_values
    if code.vjp is not None or code.pullback is not None:
        yield of_gradients


def run(
    check: Check,
    code: Code,
    operation: str,
    form: Form,
    start: int,
    *,
    asked: settings = SETTINGS,
) -> Ran:
    """Run a test as pytest would."""
    ran = Ran()

    @seed(start)
    @asked
    @given(CALLS[operation](form.numbers))
    def test(call: Call) -> None:
        ran.examples += 1
        # What is tested may write into its arguments.
        before = deepcopy(call)
        try:
            check(code, operation, call, form)
        except Exception as error:
            ran.first, ran.call = ran.first or ran.examples, before
            ran.error = error
            raise

    try:
        test()
    except Exception as error:  # noqa: BLE001 - whatever it is, the test is red
        ran.error = ran.error or error
    return ran


def fails(check: Check, code: Code, operation: str, call: Call, form: Form) -> bool:
    """Whether other code fails the test by the same call."""
    try:
        check(code, operation, deepcopy(call), form)
    except Exception:  # noqa: BLE001 - it does
        return True
    return False
