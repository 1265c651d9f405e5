"""A law of an operation on a target, as a test of pytest asks it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

import pytest

from scratchnet.errors import ArgumentTypeError
from scratchnet.testing.contract import Contract
from scratchnet.testing.engine import (
    bind,
    chosen_laws,
    hold,
    nothing_left,
    probe,
    reason_against,
    why_idle,
)
from scratchnet.testing.laws import Law
from scratchnet.testing.op import Op
from scratchnet.testing.report import Result
from scratchnet.testing.subject import Function
from scratchnet.testing.targets import Target, available, default_targets


@dataclass(frozen=True)
class Asked:
    """A law of an operation on a target. exactly: whether the target was asked for, so
    that a subject that does not run there is broken."""

    operation: Op
    law: Law
    target: Target
    exactly: bool
    examples: int | None

    def __str__(self) -> str:
        return f"{self.law}-{self.target}"


def asked_of(
    *operations: Op,
    targets: Iterable[str | Target] | None = None,
    laws: Iterable[str | Law] | None = None,
    examples: int | None = None,
    overall: Iterable[str] | None = None,
) -> list[Asked]:
    """What a marker asks: each law of each operation on each target.

    overall: the targets of the whole session, instead of the usual ones; those of a
    marker are its own. Raises ArgumentTypeError for what is no operation.
    """
    if not operations or not all(isinstance(each, Op) for each in operations):
        kinds = ", ".join(type(each).__name__ for each in operations) or "nothing"
        raise ArgumentTypeError(
            "verifies", kinds, "required an Op, such as scratchnet.testing.ops.softmax"
        )
    wanted = overall if targets is None else targets
    places = default_targets() if wanted is None else available(wanted)
    found = [
        Asked(operation, law, target, wanted is not None, examples)
        for operation in operations
        for target in places
        for law in chosen_laws(laws, operation)
        if law.applies(operation, target)
    ]
    if not found:
        raise ArgumentTypeError(
            "verifies",
            f"no law of {', '.join(each.title for each in operations)} on "
            f"{', '.join(map(str, places))}",
            "required one at least",
        )
    return found


@dataclass
class Verification:
    """What the fixture `law` is: one law, on one target, to be asked of a subject."""

    what: Asked
    examples: int | None
    seconds: float | None
    seed: int
    folder: Path | None
    name: str
    left: Callable[[dict[str, Any]], None]
    asked: bool = field(default=False)

    @property
    def operation(self) -> Op:
        """The operation that the law is of."""
        return self.what.operation

    @property
    def target(self) -> Target:
        """Where the law is asked."""
        return self.what.target

    def holds_for(
        self,
        subject: Function,
        /,
        vjp: Function | None = None,
        *,
        contract: Contract | None = None,
    ) -> None:
        """Fail unless the law holds for the subject, as `check` says.

        Skips a law of pullbacks where there is no vjp, and a target that nobody asked
        for where the subject takes no arrays of it.
        """
        __tracebackhide__ = True
        self.asked = True
        what = self.what
        if what.law.needs_vjp and vjp is None:
            pytest.skip("laws of pullbacks: no vjp was given")
        binding = bind(
            subject, what.operation, vjp=vjp, targets=[what.target], contract=contract
        )
        if not what.law.applies(binding.operation, what.target):
            pytest.skip(f"{what.law}: {why_idle(binding.operation)}")
        bound = binding.on(what.target)
        if not what.exactly and (reason := self._reason(subject, vjp)):
            pytest.skip(f"{what.target}: the subject {reason}")
        result = hold(
            what.law,
            bound,
            examples=what.examples or self.examples,
            start=self.seed,
            seconds=self.seconds or inf,
        )
        if nothing_left(result):
            pytest.skip(f"{what.law}: {why_idle(binding.operation)}")
        self.left(_told(result))
        if not result.ok:
            pytest.fail(self._failure(result), pytrace=False)

    def _reason(self, subject: Function, vjp: Function | None) -> str:
        """Why the subject does not run here, if it runs anywhere."""
        binding = bind(
            subject, self.what.operation, vjp=vjp, targets=[self.what.target]
        )
        example = probe(binding.operation)
        reason = reason_against(binding.on(self.what.target), example)
        if not reason:
            return ""
        others = (t for t in default_targets() if t != self.what.target)
        runs = any(not reason_against(binding.on(t), example) for t in others)
        return reason if runs else ""

    def _failure(self, result: Result) -> str:
        said = str(result)
        if self.folder is None or result.witness is None:
            return said
        file = self.folder / f"{re.sub('[^A-Za-z0-9_.-]+', '-', self.name)}.json"
        file.write_text(json.dumps(result.recorded(), indent=1))
        try:
            shown = file.relative_to(Path.cwd())
        except ValueError:
            shown = file
        return f"{said}\nreplay    scratchnet replay {shown}"


def _told(result: Result) -> dict[str, Any]:
    """What the session's summary adds up."""
    operation = result.subject.operation
    return {
        "operation": operation.name,
        "law": result.law.name,
        "target": result.target,
        "held": result.ok,
        "ratio": result.ratio,
        "examples": result.examples,
        "compared": result.compared,
        "silent": result.silent,
        "seconds": result.seconds,
        "restriction": operation.title,
    }
