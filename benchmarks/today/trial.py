"""A trial: a subject before a plain test, or before our laws, and what it took."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from scratchnet.testing import OPS, Op, check
from scratchnet.testing.binding import Binding, bind
from scratchnet.testing.cases import deck
from scratchnet.testing.choice import asked_laws
from scratchnet.testing.engine import applicable, hold, usual_examples
from scratchnet.testing.laws import Law
from scratchnet.testing.mutants import MUTANTS
from scratchnet.testing.mutants.asking import asked_of
from scratchnet.testing.mutants.matrix import ALIVE
from today.forms import (
    FIRST,
    SETTINGS,
    Form,
    Ran,
    UntrustedError,
    checks_of,
    fails,
    forms,
    run,
)
from today.subjects import Code, Subject, subjects

OURS = "ours"
#: Laws of code that somebody else calls: a bare formula promises nothing of it.
PROMISES = ("results_are_new", "what_does_not_fit_is_refused")


@dataclass(frozen=True)
class Found:
    """What a judge found of a subject.

    red: whether it failed. blind: whether the code without the bug fails by the very
    same example. examples: until the first failure. said: why, in a line. promises:
    whether nothing but promises of bare formulas are broken. smallest: whether the time
    is that until the smallest example; else until the first.
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
    smallest: bool = False


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


def plainly(subject: Subject, form: Form, start: int, smallest: bool) -> Found:
    """The plain test of a subject: of the values, then of the gradients.

    Raises UntrustedError where of correct code it is the trusted function that fails.
    """
    clock, code, ran = _Clock(), subject.made(), Ran()
    examples, name = 0, subject.operation
    for each in checks_of(code):
        with clock.running():
            ran = run(each, code, name, form, start, asked=_ASKED[smallest])
        examples += ran.first or ran.examples
        if ran.error is not None:
            break
    if not subject.bug and isinstance(ran.error, UntrustedError):
        raise UntrustedError(subject.name) from ran.error
    return Found(
        *(subject.name, form.name, ran.error is not None),
        *(clock.seconds, clock.cpu, examples),
        "" if ran.error is None else f"{each.__name__}: {_said(ran.error)}",
        blind=ran.error is not None
        and subject.sound is not None
        and fails(each, subject.sound(), name, ran.call, form),
        smallest=smallest,
    )


#: Whether the smallest example is looked for.
_ASKED = {True: SETTINGS, False: FIRST}


def _said(error: BaseException) -> str:
    """The kind of error, and its lines in one."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:900]}"


def by_laws(subject: Subject, start: int) -> Found:
    """All our laws of correct code."""
    code, clock = subject.made(), _Clock()
    # Nobody has drawn the examples before.
    deck.cache_clear()
    with clock.running():
        report = check(*_as(subject, code), **_options(subject, code), seed=start)
    laws = [each.law.name for each in report.broken]
    said = "; ".join(f"{each.law}: {each.verdict}" for each in report.broken)
    return Found(
        *(subject.name, OURS, not report.ok, clock.seconds, clock.cpu),
        *(report.examples, said),
        promises=bool(laws) and subject.bare and not {*laws} - {*PROMISES},
    )


def _as(subject: Subject, code: Code) -> tuple[Any, Op]:
    """A function and what it should be: an operation, or the pullback of one."""
    operation = OPS[subject.operation]
    if code.function is None:
        return code.pullback, operation.pullback
    return code.function, operation


def _options(subject: Subject, code: Code) -> dict[str, Any]:
    return {"vjp": code.vjp, "targets": [subject.target]}


def _laws(binding: Binding) -> Iterator[Law]:
    """The laws that a check asks, in its order."""
    return applicable(asked_laws(None, binding), binding, binding.targets[0])


def until_broken(subject: Subject, start: int) -> Found:
    """Our laws of a bug, until one is broken: by its first example."""
    code, clock, examples = subject.made(), _Clock(), 0
    mutant, binding = MUTANTS[subject.name], _bound(subject, code)
    count = usual_examples(binding.targets[0])
    with clock.running():
        for law in _laws(binding):
            found = asked_of(law, mutant, seed=start, examples=count)
            examples += found.examples
            if found.verdict not in ALIVE:
                break
    red = found.verdict not in ALIVE
    return Found(
        *(subject.name, OURS, red, clock.seconds, clock.cpu, examples),
        f"{law}: {found.verdict}" if red else "",
        blind=red and found.alarm,
    )


def until_smallest(subject: Subject, start: int) -> Found:
    """Our laws of a bug, until one is broken by its smallest example."""
    code, clock, examples = subject.made(), _Clock(), 0
    deck.cache_clear()
    with clock.running():
        binding = _bound(subject, code)
        for law in _laws(binding):
            result = hold(law, binding.on(binding.targets[0]), start=start)
            examples += result.examples
            if result.verdict not in ALIVE:
                break
    return Found(
        *(subject.name, OURS, result.verdict not in ALIVE),
        *(clock.seconds, clock.cpu, examples, f"{law}: {result.verdict}"),
        smallest=True,
    )


def _bound(subject: Subject, code: Code) -> Binding:
    return bind(*_as(subject, code), **_options(subject, code))


@dataclass(frozen=True)
class Job:
    """A subject, by its name, so that another process can judge it; a seed; whether
    what is timed goes on to the smallest example."""

    subject: str
    start: int
    smallest: bool = False


def judged(job: Job) -> tuple[Found, ...]:
    """What every judge finds of a subject: one after the other, in one process."""
    _warm()
    judge = _in_time if job.smallest else _all
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return tuple(judge(subjects()[job.subject], job.start))


def _all(subject: Subject, start: int) -> Iterator[Found]:
    """What is found: until the first example that fails."""
    usual, wide, *loosened = _forms(subject)
    for strict, loose in zip((usual, wide), loosened, strict=True):
        found = plainly(subject, strict, start, smallest=False)
        yield found
        # By the same examples a looser test passes what a strict one does.
        passed = replace(found, judge=loose.name)
        yield plainly(subject, loose, start, smallest=False) if found.red else passed
    yield (until_broken if subject.bug else by_laws)(subject, start)


def _in_time(subject: Subject, start: int) -> Iterator[Found]:
    """How long it takes: until the smallest example that fails."""
    for form in _forms(subject)[:2]:
        yield plainly(subject, form, start, smallest=True)
    yield until_smallest(subject, start)


def _forms(subject: Subject) -> tuple[Form, ...]:
    return forms(subject.target.partition(":")[2])


@cache
def _warm() -> None:
    """First calls, which import and compile, are not timed: a step of PyTorch's
    optimizers imports most of all."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for operation in ("relu", "sgd"):
            some = [x for x in subjects().values() if x.operation == operation]
            tuple(_all(some[0], 0))
            tuple(_in_time(next(x for x in some if x.bug), 0))
