"""The engine: laws on targets, and the smallest example that breaks each."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from math import inf
from typing import Any

from scratchnet.errors import ArgumentError
from scratchnet.testing.binding import Binding, bind
from scratchnet.testing.choice import (
    asked_laws,
    nothing_left,
    of_full_targets,
    restricted_away,
    untested_pullback,
    waived_laws,
    why_idle,
    why_not_full,
)
from scratchnet.testing.contract import Contract
from scratchnet.testing.laws import Finding, Law
from scratchnet.testing.numerics import pinned
from scratchnet.testing.op import Op
from scratchnet.testing.report import Report, Result
from scratchnet.testing.search import Break, Search, Tally, Witnesses, examples_of
from scratchnet.testing.strategies.requirements import require_above_0, require_count
from scratchnet.testing.subject import Function, Subject, named
from scratchnet.testing.targets import Target

#: Examples of a law in float64, and in other formats, where bounds are wider.
EXAMPLES, FEWER = 100, 50
#: Examples where code is compiled, of few kinds.
COMPILED = 24


def hold(
    law: Law,
    subject: Subject,
    *,
    examples: int | None = None,
    start: int = 0,
    seconds: float = inf,
    known: Witnesses | None = None,
) -> Result:
    """Ask one law of a subject, for so many examples or as long as there is time.

    Of examples that the law is not about more are drawn, until it has had half as many
    as were asked for. The same ones for a seed, whatever Hypothesis' profile is.
    known: what broke laws before, to which the witness is added. Raises ArgumentError
    where none of the operation's values is such as the law is about.
    """
    operation = law.asks(subject.operation)
    if operation is None:
        raise ArgumentError(
            "check",
            f"{law} of {subject.operation.title}",
            f"which is about values that are {' or '.join(law.families)}",
        )
    if examples is None:
        examples = usual_examples(subject.target)
    began, tally, search = time.perf_counter(), Tally(), Search(law, subject, seconds)
    with warnings.catch_warnings(), pinned(subject.target, subject.contract) as pins:
        warnings.simplefilter("ignore")
        found = search.first(
            examples_of(operation, subject, examples, start, tally), tally
        )
        if found is not None and (gone := subject.target.lost()):
            found = _ended(found, gone)
        elif found is not None:
            again = None if known is None else search.among(known, found)
            found = again or search.smallest(operation, found)
        changed = pins.changed()
    finding = tally.finding() if found is None else found.finding
    case = None if found is None else found.case
    if known is not None:
        known.add(law, subject.target, finding.verdict, case)
    if changed:
        finding = _unpinned(finding, changed)
    return Result(
        law,
        subject,
        finding,
        tally.examples,
        tally.compared,
        tally.silent,
        tally.ratio if found is None else max(tally.ratio, found.finding.ratio),
        time.perf_counter() - began,
        tally.families,
        case,
        tally.spread,
    )


def _ended(found: Break, gone: str) -> Break:
    """What has ended the use of a device, where it was found: nothing smaller can be
    looked for, since nothing runs there any more."""
    said = f"{found.finding.message}\n  the device does not answer any more: {gone}"
    return replace(
        found, finding=replace(found.finding, verdict="CRASHES", message=said)
    )


def _unpinned(finding: Finding, changed: str) -> Finding:
    """What is found where numerics are not what they were: nothing holds then."""
    said = f"numerics were changed while it ran: {changed}"
    return Finding("MUTATES", said) if finding.ok else finding.noted(said)


def usual_examples(target: Target, /) -> int:
    """How many examples a law is asked of on a target, unless somebody says so."""
    if target.compiled:
        return COMPILED
    return EXAMPLES if target.is_full else FEWER


def check(
    subject: Function,
    operation: Op,
    /,
    *,
    vjp: Function | str | None = None,
    targets: Iterable[str | Target] | None = None,
    examples: int | None = None,
    seconds: float = inf,
    seed: int = 0,
    laws: Iterable[str | Law] | None = None,
    contract: Contract | None = None,
    waive: Mapping[str, str] | None = None,
) -> Report:
    """Whether a function is what an operation should be: every law, on every target.

    subject: takes the operation's arguments and options; an option that it does not
    have stays what the reference has, and the report says so. vjp: takes the
    same, returns the value and its pullback; "autograd" is that of PyTorch, where the
    function can be traced; without it no law of pullbacks is asked.
    targets: `library[:device]:dtype`, each of which must be here; without them NumPy
    and PyTorch on the CPU in float64 and float32, of which those are left that the
    function takes arrays of.
    examples: of each law on each target; without it 100 in float64, 50 elsewhere and
    24 where code is compiled.
    seconds: for asking each, at most, and as long again for the smallest example that
    breaks it. Without them the verdict is a function of the seed.
    laws: names, or laws of your own; without them all that are about the operation.
    contract: what the subject may do, in the format of its targets. waive: laws that
    are not asked, each with the reason.
    Raises ArgumentError and ArgumentTypeError, in a sentence, for a function that takes
    other arguments, for laws that there are not, and UnavailableError for targets.
    """
    if examples is not None:
        require_count("check", 1, examples=examples)
    require_count("check", 0, seed=seed)
    require_above_0("check", seconds=seconds)
    binding = bind(subject, operation, vjp=vjp, targets=targets, contract=contract)
    chosen = asked_laws(laws, binding)
    waived = waived_laws({} if waive is None else waive, binding.operation)
    asked = [law for law in chosen if law.name not in waived]
    limits = {"examples": examples, "seconds": seconds, "start": seed}
    results, lost = list[Result](), list[str]()
    known = Witnesses()
    for target in binding.targets:
        results += _asked_on(target, binding, asked, known=known, **limits)
        if results and results[-1].verdict == "CRASHES" and target.lost():
            law = results[-1].law
            lost.append(f"{target}: {law} has ended its use, no more was asked")
    idle = [each.law for each in results if nothing_left(each)]
    untested = [*binding.untested, *lost, *left_out(idle, chosen, binding)]
    untested += [f"{name}: waived, {reason}" for name, reason in waived.items()]
    results = [each for each in results if not nothing_left(each)]
    return Report(
        named(subject), binding.operation, tuple(results), tuple(untested), seed
    )


def _asked_on(
    target: Target, binding: Binding, laws: Iterable[Law], /, **limits: Any
) -> list[Result]:
    """What laws find on a target, as long as it answers."""
    subject, results = binding.on(target), list[Result]()
    for law in applicable(laws, binding, target):
        result = hold(law, subject, **limits)
        results.append(result)
        if result.verdict == "CRASHES" and target.lost():
            break
    return results


def applicable(
    laws: Iterable[Law], binding: Binding, target: Target, /
) -> Iterator[Law]:
    """Those of the laws that can be asked of a bound function on a target."""
    for law in laws:
        pulled = binding.pulls(target) or not law.needs_vjp
        if pulled and law.applies(binding.operation, target):
            yield law


def left_out(
    idle: Iterable[Law], chosen: Iterable[Law], binding: Binding, /
) -> list[str]:
    """Which laws were not asked, and why not. idle: those that had no example."""
    away = dict.fromkeys(idle)
    away |= dict.fromkeys(restricted_away(chosen, binding))
    said = [f"{each}: {why_idle(binding.operation)}" for each in away]
    full = why_not_full(binding.targets)
    said += [f"{each}: {full}" for each in of_full_targets(chosen, binding)]
    return said + untested_pullback(binding.vjp, binding.operation, binding.untested)
