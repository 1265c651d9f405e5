"""Laws of pullbacks: of the function from a result's cotangent to the arguments'."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from scratchnet.arrays import is_array
from scratchnet.testing.bounded import Bounded
from scratchnet.testing.bounded.reductions import gamma
from scratchnet.testing.case import Case
from scratchnet.testing.evaluate import oracle as oracle_of
from scratchnet.testing.laws.finding import (
    Finding,
    Misplaced,
    agree,
    compared_with,
    inside,
    miscounted,
    of_kind,
    together,
)
from scratchnet.testing.laws.law import law
from scratchnet.testing.laws.memory import apart, arrays_of, state
from scratchnet.testing.op import Op
from scratchnet.testing.subject import Refusal, Subject, host, shown


def _is_differentiable(operation: Op) -> bool:
    return operation.gradient is not None


@law(needs_vjp=True, everywhere=True, of=_is_differentiable)
def gradients_equal_the_oracle(subject: Subject, case: Case) -> Finding:
    """Every cotangent of an argument is within its bound, under a drawn one.

    Claim   abs(pullback(g) - oracle(g)) <= bound(g), and the value comes with it
    Kills   wrong derivatives, forgotten sums, transposes, ignored cotangents; all of
            one given to each of several that tie
    Misses  what shows in a second call only
    """
    there = case.of_pullback()
    (g, *arguments), options = there.on(subject.target)
    value, pulled = subject.pulled(g, arguments, options)
    finding = together(
        (
            inside(
                (value,),
                case.oracle(subject.contract)[:1],
                lambda: case.worse_oracle(subject.contract)[:1],
                what="value",
            ),
            inside(
                pulled,
                there.oracle(subject.contract),
                lambda: there.worse_oracle(subject.contract),
                what="cotangent",
            ),
        )
    )
    if not finding.ok or case.op.whole is None:
        return finding
    return together((finding, _adds_up(subject, there, case.op.whole, pulled)))


def _adds_up(
    subject: Subject, there: Case, whole: Callable[..., Any], pulled: tuple[Any, ...]
) -> Finding:
    """Whether cotangents that are free one by one add up to that of the result.

    Each is rounded twice at most: what was divided, or multiplied by what was divided.
    """
    contract, g, known = subject.contract, there.arguments[0], there.oracle
    u, tiny = contract.unit_roundoff, contract.underflow
    with np.errstate(all="ignore"):
        parts = []
        for x, oracle in zip(pulled, known(contract), strict=True):
            value = np.asarray(host(x), oracle.value.dtype)
            error = gamma(3, u) * np.abs(value) + 2 * tiny
            error = np.where(np.isfinite(oracle.error), error, np.inf)
            parts.append(Bounded(value, contract, np.asarray(error, np.float64)))
        arguments = (*parts, *there.arguments)
        total = oracle_of(whole, *arguments, contract=contract, **there.options)
        # The sum that is shown is rounded as well.
        error = np.where(np.isfinite(g), total.error + gamma(1, u) * np.abs(g), np.inf)
        expected = Bounded(g.astype(total.value.dtype), contract, error)
        found = np.asarray(contract.format.rounded(total.value), g.dtype)
    return inside((found,), (expected,), what="sum of cotangents")


@law(needs_vjp=True, of=_is_differentiable)
def pullbacks_are_linear(subject: Subject, case: Case) -> Finding:
    """A pullback is linear, however often it is called, and whatever is called between.

    Claim   pullback(-2 g) == -2 pullback(g), and pullback(g) is the same before and
            after that, and after the function was called with other numbers
    Kills   gradients that add up from call to call; ignored or squared cotangents; a
            pullback that reads what the last forward kept
    Misses  a wrong matrix: it is linear as well
    """
    there = case.of_pullback()
    (g, *arguments), options = there.on(subject.target)
    _, pullback = subject.back_at(arguments, options)
    # Powers of two round nothing; -2 g and g do not add up to -2 g.
    turned = subject.target.array(host(g) * -2)
    oracles = there.oracle(subject.contract)
    calls = [_kept(pullback(each), oracles) for each in (g, turned, g)]
    _call_elsewhere(subject, case)
    calls.append(_kept(pullback(g), oracles))

    def linear(oracles: tuple[Bounded, ...]) -> Finding:
        judges = enumerate(oracles)
        return together(
            _is_linear(each, oracle, partial(_of_turned, there, subject, i))
            for each, (i, oracle) in zip(zip(*calls, strict=True), judges, strict=True)
        )

    return compared_with(subject, there, linear)


def _is_linear(
    cotangents: tuple[Any, ...], oracle: Bounded, turned: Callable[[], Bounded]
) -> Finding:
    """Of cotangents of g, of -2 g, and twice of g again, the last after other calls.

    turned: the oracle of -2 g, which costs as much as all the rest.
    """
    one, two, three, last = cotangents
    with np.errstate(all="ignore"):
        scaled = -2 * np.asarray(one, oracle.value.dtype)
    doubled = agree(two, scaled, _scaled(oracle), what="of -2 g")
    if not doubled.ok:
        doubled = agree(two, scaled, _scaled(oracle, turned()), what="of -2 g")
    again = agree(three, one, oracle, what="of g again")
    after = agree(last, one, oracle, what="of g after another forward")
    return together((doubled, again, after))


def _kept(results: tuple[Any, ...], oracles: tuple[Bounded, ...]) -> list[Any]:
    """Copies of cotangents: the next call may write to them.

    Raises Misplaced where they hold no numbers.
    """
    if (wrong := miscounted(results, oracles, "cotangent")) is not None:
        raise Misplaced(wrong)
    return [np.array(host(x)) for x in results]


def _call_elsewhere(subject: Subject, case: Case) -> None:
    """The VJP rule of the same numbers in reverse, whatever becomes of it."""
    turned = [np.flip(x) if is_array(x) else x for x in case.arguments]
    arguments, options = case.with_calls(turned).on(subject.target)
    with suppress(Refusal):
        subject.back_at(arguments, options)


def _of_turned(there: Case, subject: Subject, i: int) -> Bounded:
    """The oracle of -2 g: what is made on the way may overflow, as of g it does not."""
    g, *arguments = there.arguments
    return there.with_calls((g * -2, *arguments)).oracle(subject.contract)[i]


def _scaled(oracle: Bounded, turned: Bounded | None = None) -> Bounded:
    """The oracle of what is -2 times as large: where that underflows or overflows,
    either side rounds once more. Nothing is said where the oracle of -2 g does not."""
    form = oracle.contract.format
    with np.errstate(all="ignore"):
        error = 2 * oracle.error + oracle.contract.underflow
        value = -2 * oracle.value
        error = np.where(np.abs(value) + error >= form.largest, np.inf, error)
    if turned is not None:
        error = np.where(np.isinf(turned.error), np.inf, error)
    return Bounded(value, oracle.contract, error)


@law(needs_vjp=True, everywhere=True, of=_is_differentiable)
def pullbacks_leave_memory_alone(subject: Subject, case: Case) -> Finding:
    """A pullback writes to nothing, and what it returns is new.

    Claim   g and x have the same bits afterwards; no cotangent shares memory with g,
            with x, with another or with those of the next call
    Kills   g[x <= 0] = 0 on the caller's g; a cotangent returned twice, or a view; one
            buffer for all calls
    Misses  memory shared with what is neither
    """
    there = case.of_pullback()
    call = there.on(subject.target)
    (g, *arguments), options = call
    before = [state(x) for x in arrays_of(call)]
    pullback = subject.pullback_at(arguments, options)
    results = pullback(g)
    for i, (was, x) in enumerate(zip(before, arrays_of(call), strict=True)):
        if state(x) != was:
            who = f"argument {i - 1}" if i else "the cotangent"
            return Finding("MUTATES", f"the pullback wrote to {who}: now {shown(x)}")
    return apart(
        tuple(filter(is_array, results)),
        {
            "the cotangent or argument": arrays_of(call),
            "cotangent of the next call": pullback(g),
        },
    )


@law(needs_vjp=True, everywhere=True, of=_is_differentiable)
def gradients_are_of_their_kind(subject: Subject, case: Case) -> Finding:
    """A cotangent has the shape, dtype, library and device of its argument.

    Claim   pullback(g)[i] is such an array as argument i
    Kills   gradients of a broadcast shape, in float64, on the host
    Misses  the values
    """
    there = case.of_pullback()
    (g, *arguments), options = there.on(subject.target)
    _, results = subject.pulled(g, arguments, options)
    oracles = there.oracle(subject.contract)
    if (wrong := miscounted(results, oracles, "cotangent")) is not None:
        return wrong
    return together(map(of_kind, results, oracles, [subject] * len(oracles)))
