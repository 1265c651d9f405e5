"""A trial: a subject before a plain test, or before our laws, and what it took."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np

from scratchnet.testing import OPS, check
from scratchnet.testing.binding import bind
from scratchnet.testing.cases import deck
from scratchnet.testing.choice import asked_laws
from scratchnet.testing.engine import applicable, hold
from scratchnet.testing.report import Result
from today.forms import Form, UntrustedError, checks_of, fails, forms, run
from today.subjects import Code, Subject, subjects

OURS = "ours"
#: Laws of code that somebody else calls: a bare formula promises nothing of it.
PROMISES = ("results_are_new", "what_does_not_fit_is_refused")


@dataclass(frozen=True)
class Found:
    """What a judge found of a subject.

    red: whether it failed. blind: whether the code without the bug fails by the very
    same example. examples: until the first failure. said: why, in a line. promises:
    whether nothing but promises of bare formulas are broken.
    """

    subject: str
    judge: str
    red: bool
    seconds: float
    cpu: float
    examples: int
    said: str = ""
    blind: bool = False
    promises: bool = False


@dataclass
class _Clock:
    seconds: float = 0.0
    cpu: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Counts the time, of the wall and of all threads."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.seconds += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu


def plainly(subject: Subject, form: Form, start: int) -> Found:
    """The plain test of a subject: of the values, then of the gradients.

    Raises UntrustedError where of correct code it is the trusted function that fails.
    """
    clock, examples = _Clock(), 0
    code = subject.made()
    for each in checks_of(code):
        with clock.running():
            ran = run(each, code, subject.operation, form, start)
        examples += ran.first or ran.examples
        if ran.error is not None:
            break
    else:
        return Found(subject.name, form.name, False, clock.seconds, clock.cpu, examples)
    if not subject.bug and isinstance(ran.error, UntrustedError):
        raise UntrustedError(subject.name) from ran.error
    said = f"{each.__name__}: {_said(ran.error)}"
    blind = subject.sound is not None and fails(
        each, subject.sound(), subject.operation, ran.call, form
    )
    return Found(
        *(subject.name, form.name, True, clock.seconds, clock.cpu, examples, said),
        blind=blind,
    )


def _said(error: BaseException) -> str:
    """The kind of error, and its lines in one."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def by_laws(subject: Subject, target: str, start: int) -> Found:
    """Our laws of a subject: all of correct code, until one is broken by a bug."""
    code, clock = subject.made(), _Clock()
    # Nobody has drawn the examples before.
    deck.cache_clear()
    with clock.running():
        results = _results(subject, code, target, start)
    red = [each for each in results if _is_red(each, subject)]
    laws = [each.law.name for each in red]
    sound = subject.sound and subject.sound()
    return Found(
        *(subject.name, OURS, bool(red), clock.seconds, clock.cpu),
        sum(each.examples for each in results),
        "; ".join(f"{each.law}: {each.verdict}" for each in red),
        blind=bool(red and sound and _is_blind(red[0], sound)),
        promises=bool(red) and subject.bare and not {*laws} - {*PROMISES},
    )


def _results(subject: Subject, code: Code, target: str, start: int) -> list[Result]:
    function, operation = code.function, OPS[subject.operation]
    if function is None:
        function, operation = code.pullback, operation.pullback
    if not subject.bug:
        report = check(function, operation, vjp=code.vjp, targets=[target], seed=start)
        return list(report.results)
    binding = bind(function, operation, vjp=code.vjp, targets=[target])
    results, place = list[Result](), binding.targets[0]
    for law in applicable(asked_laws(None, binding), binding, place):
        results.append(hold(law, binding.on(place), start=start))
        if _is_red(results[-1], subject):
            break
    return results


def _is_red(result: Result, subject: Subject) -> bool:
    """Whether a law is broken; of correct code also whether it has said nothing."""
    return not result.ok and not (subject.bug and result.verdict == "VACUOUS")


def _is_blind(result: Result, sound: Code) -> bool:
    """Whether the code without the bug breaks the law by the same witness."""
    bound = bind(
        *(sound.function, OPS[result.subject.operation.name]),
        vjp=sound.vjp,
        targets=[result.subject.target],
    )
    subject = bound.on(result.subject.target)
    return (
        result.witness is not None and not result.law.asked(subject, result.witness).ok
    )


@dataclass(frozen=True)
class Job:
    """A subject, by its name, so that another process can judge it; and a seed."""

    subject: str
    start: int


def judged(job: Job) -> tuple[Found, ...]:
    """What every judge finds of a subject: one after the other, in one process."""
    _warm()
    return tuple(_judged(subjects()[job.subject], job.start))


def _judged(subject: Subject, start: int) -> Iterator[Found]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for form in forms(subject.target.partition(":")[2]):
            yield plainly(subject, form, start)
        yield by_laws(subject, subject.target, start)


@cache
def _warm() -> None:
    """First calls, which import and compile, are not timed: a step of PyTorch's
    optimizers imports most of all."""
    for operation in ("relu", "sgd"):
        some = [x for x in subjects().values() if x.operation == operation]
        for each in (some[0], next(x for x in some if x.bug)):
            tuple(_judged(each, 0))
