"""Laws of optimisers: of a step from parameters, gradients and a state to the next.

A step takes parameters and gradients by name, the state, {} before the first one, and
hyper-parameters; it returns new parameters and the new state.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from scratchnet.arrays import is_array
from scratchnet.errors import ArgumentTypeError
from scratchnet.testing.bounded import Bounded
from scratchnet.testing.case import Case
from scratchnet.testing.laws.finding import (
    Finding,
    Misplaced,
    inside,
    of_kind,
    together,
)
from scratchnet.testing.laws.law import law
from scratchnet.testing.laws.memory import bits
from scratchnet.testing.subject import Subject, host, plain, run, shown

Arrays = dict[str, Any]
STEPS = 3


def started(subject: Subject, case: Case) -> tuple[Arrays, Arrays, dict[str, Any]]:
    """Parameters and gradients by name, and hyper-parameters, before a first step."""
    (first, second, *gradients), options = case.on(subject.target)
    parameters = {"first": first, "second": second}
    named = list(zip(parameters, gradients, strict=True))
    # Gradients go by name, whatever their order is.
    return parameters, dict(named[:: -1 if case.index("order", 2) else 1]), options


def _stepped(
    subject: Subject, parameters: Arrays, gradients: Arrays, state: Any, options: Any
) -> tuple[Arrays, Any]:
    """Parameters and state a step later.

    Raises ArgumentTypeError for another result, Misplaced for other arrays.
    """
    names = tuple(parameters)
    found = subject.directly(parameters, gradients, state, **options)
    if not (
        isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], Mapping)
    ):
        raise ArgumentTypeError(
            "optimizer",
            f"a step returned a {type(found).__name__}",
            "required the parameters by name, and the state",
        )
    if {*names} != found[0].keys():
        raise ArgumentTypeError(
            "optimizer",
            f"a step returned parameters {', '.join(map(str, found[0]))}",
            f"required {', '.join(names)}",
        )
    after = {
        name: _fitting(subject, name, x, parameters[name])
        for name, x in found[0].items()
    }
    return after, found[1]


def _fitting(subject: Subject, name: str, x: Any, before: Any) -> Any:
    """A new parameter, on the target: what the next step starts at.

    Raises Misplaced where it is no such array as it was before.
    """
    x = plain(x)
    finding = of_kind(x, _exact(subject, before), subject)
    if not finding.ok:
        raise Misplaced(replace(finding, message=f"{name}: {finding.message}"))
    if subject.target.holds(x):
        return x
    # A number of Python is as good as a 0-d array, but a step takes arrays.
    return subject.target.array(np.asarray(x, subject.target.format.carrier))


def _turned(subject: Subject, gradients: Arrays, step: int) -> Arrays:
    """Other gradients for each step: halves, of the other sign."""
    return {
        name: subject.target.array(host(g) * (-0.5) ** step)
        for name, g in gradients.items()
    }


@law(kind="optimizer", everywhere=True)
def every_step_equals_the_oracle(subject: Subject, case: Case) -> Finding:
    """Each of several steps is the rule's, from the parameters that it started at.

    Claim   abs(step(p, g, state) - oracle) <= bound, step after step
    Kills   a wrong order of decay and momentum; dampening on the first step; a state
            that is lost
    Misses  a parameter that has no gradient; what is written to; what shows in a second
            call only
    """
    parameters, gradients, options = started(subject, case)
    velocities: dict[str, tuple[Bounded, ...]] = dict.fromkeys(parameters, ())
    state: Any = {}
    findings = []
    for step in range(STEPS):
        turned = _turned(subject, gradients, step)
        before = parameters
        parameters, state = _stepped(subject, before, turned, state, options)
        for name, p in before.items():
            arguments = _exact(subject, p), _exact(subject, turned[name])
            known = (*arguments, *velocities[name])
            new, *kept = _rule(subject, "oracle", known, options)
            velocities[name] = tuple(kept)
            worse = partial(_rule, subject, "worse_oracle", known, options)
            what = f"step {step}: {name}"
            findings.append(inside((parameters[name],), (new,), worse, what=what))
    return together(findings)


def _rule(
    subject: Subject, method: str, known: tuple[Bounded, ...], options: Any
) -> tuple[Bounded, ...]:
    """The new parameter and, with momentum, what the next step starts from."""
    judge = getattr(subject.operation.reference, method)
    with np.errstate(all="ignore"):
        found: tuple[Bounded, ...] = judge(*known, contract=subject.contract, **options)
    return found


def _exact(subject: Subject, x: Any) -> Bounded:
    return Bounded.exact(host(x), subject.contract)


@law(kind="optimizer")
def parameters_are_independent(subject: Subject, case: Case) -> Finding:
    """What happens to a parameter does not depend on the others.

    Claim   a step of both parameters moves each as a step of it alone, bit for bit
    Kills   one velocity for all; a norm over all that nobody asked for
    Misses  what is wrong with each
    """
    parameters, gradients, options = started(subject, case)
    together_, alone = dict(parameters), {}
    state: Any = {}
    for step in range(STEPS):
        together_, state = _stepped(
            subject, together_, _turned(subject, gradients, step), state, options
        )
    for name in parameters:
        one: Arrays = {name: parameters[name]}
        own: Any = {}
        for step in range(STEPS):
            turned = {name: _turned(subject, gradients, step)[name]}
            one, own = _stepped(subject, one, turned, own, options)
        alone[name] = one[name]
    for name, x in alone.items():
        if bits(x) != bits(together_[name]):
            return Finding(
                "WRONG",
                f"{name} alone becomes {shown(x)}, "
                f"beside the other {shown(together_[name])}",
            )
    return Finding(compared=sum(host(x).size for x in alone.values()) or 1)


@law(kind="optimizer")
def without_a_gradient_nothing_moves(subject: Subject, case: Case) -> Finding:
    """A parameter that has no gradient stays, and so does its state.

    Claim   p stays bit for bit in a step without a gradient of it, which is as if there
            had been none
    Kills   decay of unused parameters; velocities that are lost, or move on
    Misses  what is wrong with those that have a gradient
    """
    # Before there is a velocity, and after.
    return together(_without_a_gradient(subject, case, step) for step in (0, 1))


def _without_a_gradient(subject: Subject, case: Case, missing: int) -> Finding:
    """Whether the second parameter, without a gradient in a step, is where it would be
    without that step."""
    parameters, gradients, options = started(subject, case)
    alone: Arrays = {"second": parameters["second"]}
    state: Any = {}
    own: Any = {}
    for step in range(STEPS):
        turned = _turned(subject, gradients, step)
        if step == missing:
            before = bits(parameters["second"])
            del turned["second"]
        else:
            only = {"second": turned["second"]}
            alone, own = _stepped(subject, alone, only, own, options)
        parameters, state = _stepped(subject, parameters, turned, state, options)
        if step == missing and bits(parameters["second"]) != before:
            return Finding("WRONG", f"second moved to {shown(parameters['second'])}")
    if bits(parameters["second"]) != bits(alone["second"]):
        found, expected = shown(parameters["second"]), shown(alone["second"])
        said = f"without a gradient in step {missing} second becomes {found}"
        return Finding("WRONG", f"{said}, without that step {expected}")
    return Finding(compared=host(alone["second"]).size or 1)


@law(kind="optimizer", everywhere=True)
def steps_are_pure(subject: Subject, case: Case) -> Finding:
    """A step writes to nothing that it is given, and the same step is the same again.

    Claim   parameters, gradients and state have the same bits after a step
    Kills   p -= rate * g on the caller's p; state kept in the function
    Misses  wrong steps
    """
    parameters, gradients, options = started(subject, case)
    parameters, state = _stepped(subject, parameters, gradients, {}, options)
    kept: tuple[Arrays, Arrays, Any] = run(deepcopy, (parameters, gradients, state))
    # What the next step may write to is read before it.
    first = _all_bits(_stepped(subject, parameters, gradients, state, options)[0])
    now, before = _all_bits((parameters, gradients, state)), _all_bits(kept)
    if now != before:
        return Finding("MUTATES", "a step wrote to its parameters, gradients or state")
    again, _ = _stepped(subject, *kept, options)
    if first != _all_bits(again):
        return Finding("NONDETERMINISTIC", "the same step gave other parameters")
    return Finding(compared=sum(host(x).size for x in again.values()) or 1)


def _all_bits(x: Any) -> bytes:
    """The bits of all arrays in dictionaries, lists, tuples and objects."""
    if isinstance(x, Mapping):
        return b"".join(_all_bits(x[name]) for name in sorted(x, key=str))
    if isinstance(x, list | tuple):
        return b"".join(map(_all_bits, x))
    if is_array(x):
        return bits(x)
    # The text of an object may be where it lies, which is elsewhere for its copy.
    return _all_bits(vars(x)) if hasattr(x, "__dict__") else shown(x).encode()


OPTIMIZERS: tuple[Any, ...] = (
    every_step_equals_the_oracle,
    parameters_are_independent,
    without_a_gradient_nothing_moves,
    steps_are_pure,
)
