"""What stands between laws and a subject that may do anything to its process."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from typing import Any

from scratchnet.testing.case import Case
from scratchnet.testing.isolated.note import Note, example_of
from scratchnet.testing.isolated.telling import Teller, leave_if_forked
from scratchnet.testing.laws import Law
from scratchnet.testing.laws.finding import Finding, Misplaced, raised
from scratchnet.testing.subject import Function, Subject


class Guarded:
    """A function whose forks end with its call; `entered` and `left` say when it is."""

    def __init__(
        self,
        function: Function,
        entered: Callable[[], None] | None = None,
        left: Callable[[], None] | None = None,
    ) -> None:
        self.__wrapped__ = function  # where inspect looks for a signature
        self._entered, self._left, self._pid = entered, left, os.getpid()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__wrapped__, name)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """What the function gives."""
        if self._entered is not None:
            self._entered()
        try:
            return self.__wrapped__(*arguments, **options)
        except KeyboardInterrupt as error:
            if self._entered is None:  # a law is asked, which says what was raised
                raise
            raise SystemExit("KeyboardInterrupt") from error
        finally:
            leave_if_forked(self._pid)
            if self._left is not None:
                self._left()


class GuardedVjp(Guarded):
    """The same of a vjp, and of the pullback that it gives."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """The value and its pullback."""
        found = super().__call__(*arguments, **options)
        if isinstance(found, tuple) and len(found) == 2 and callable(found[1]):
            return found[0], Guarded(found[1])
        return found


def guarded(subject: Subject, entered: Callable[[], None] | None = None, /) -> Subject:
    """The subject as laws call it. Compiled code is left as it is: a guard would break
    its graphs."""
    if subject.target.compiled:
        return subject
    vjp = None if subject.vjp is None else GuardedVjp(subject.vjp, entered)
    return replace(subject, function=Guarded(subject.function, entered), vjp=vjp)


def noting(law: Law, note: Note, tell: Teller, /) -> Law:
    """The law, which notes each example before it asks about it."""
    pid = os.getpid()

    @wraps(law.check)
    def check(subject: Subject, case: Case) -> Finding:
        note.asking(case.once("noted", partial(example_of, case)))
        verdict = "REFUSES"
        try:
            finding = law.check(subject, case)
            verdict = finding.verdict
        except Misplaced as misplaced:
            verdict = misplaced.args[0].verdict
            raise
        except KeyboardInterrupt as error:
            # Nobody is at the keyboard of this process.
            finding = raised(error)
            verdict = finding.verdict
        finally:
            leave_if_forked(pid)
            tell.require_open()
            note.answered(verdict)
        return finding

    return replace(law, check=check)
