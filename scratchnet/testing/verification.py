"""A law of an operation on a target, as a test of pytest asks it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from math import inf, isfinite
from os.path import relpath
from pathlib import Path
from typing import Any

import pytest

from scratchnet.errors import ArgumentError, ScratchnetError
from scratchnet.testing import numerics
from scratchnet.testing.asked import Asked
from scratchnet.testing.binding import Binding, bind, probe, reason_against
from scratchnet.testing.choice import nothing_left, why_idle
from scratchnet.testing.contract import Contract
from scratchnet.testing.engine import hold
from scratchnet.testing.op import Op
from scratchnet.testing.report import Result
from scratchnet.testing.subject import Function
from scratchnet.testing.targets import Target, default_targets

#: A failure fits on a screen: so many lines, each of so many characters.
_LINES, _WIDTH = 18, 400
#: Longer names of files are cut.
_NAME = 150


@dataclass
class Verification:
    """What the fixture `law` is: one law, on one target, to be asked of a subject."""

    what: Asked
    examples: int | None
    seconds: float | None
    seed: int
    #: pytest's cache, and where its session was started.
    cache: Any
    base: Path
    name: str
    left: Callable[[dict[str, Any]], None]
    asked: bool = field(default=False)
    broken: bool = field(default=False)

    def __repr__(self) -> str:
        return f"<law {self.what}>"

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
        vjp: Function | str | None = None,
        *,
        contract: Contract | None = None,
    ) -> Result:
        """What was found, where the law holds for the subject; fail where it does not.

        Skips a law of pullbacks where there is no vjp, and a target where the subject
        takes no arrays of it but runs elsewhere; fails where the marker or the command
        line asked for them. vjp: as `check` takes it. Once in a test: parametrize it
        for several subjects.
        """
        __tracebackhide__ = True
        if self.asked:
            pytest.fail(
                "law.holds_for was called twice: a test is about one subject\n"
                '  for several, @pytest.mark.parametrize("subject", [...])',
                pytrace=False,
            )
        self.asked = True
        said = ""
        try:
            left, result = self._asked_of(subject, vjp, contract)
        except ScratchnetError as error:
            said = str(error)
        if said:  # after the error, which pytest would print as its cause
            pytest.fail(said, pytrace=False)
        if result is None:
            self.left(self._told(left))
            pytest.skip(", ".join(left))
        self.left(self._told(left) | _found(result))
        if not result.ok:
            self.broken = True
            pytest.fail(self._failure(result), pytrace=False)
        return result

    def _asked_of(
        self, subject: Function, vjp: Function | str | None, contract: Contract | None
    ) -> tuple[tuple[str, ...], Result | None]:
        """What was left out, and what was found; None where that is all of it."""
        what = self.what
        binding = bind(
            subject, what.operation, vjp=vjp, targets=[what.target], contract=contract
        )
        if reason := self._left_out(binding):
            return (reason,), None
        result = hold(
            what.law,
            binding.on(what.target),
            examples=what.examples or self.examples,
            start=self.seed,
            seconds=self.seconds or inf,
        )
        if nothing_left(result) and not what.chosen:
            return (f"{what.law}: {why_idle(binding.operation)}",), None
        return binding.untested, result

    def _left_out(self, binding: Binding) -> str:
        """Why the law is not asked; empty where it is.

        Raises ArgumentError where the law was asked for by its name.
        """
        law, target = self.what.law, self.what.target
        if self.what.waived:
            return f"{law}: waived, {self.what.waived}"
        why = ""
        if law.needs_vjp and not binding.pulls(target):
            why = "laws of pullbacks: no vjp was given"
        elif not law.applies(binding.operation, target):
            why = f"{law}: {why_idle(binding.operation)}"
        if why and self.what.chosen:
            raise ArgumentError("verifies", f"{law} was asked for", f"but {why}")
        if why or self.what.exactly:
            return why
        reason = _not_here(binding, target)
        return reason and f"{target}: the subject {reason}"

    def _told(self, left: Iterable[str]) -> dict[str, Any]:
        """What the session's summary adds up of a law that was left out."""
        return {
            "test": self.name.partition("[")[0],
            "operation": self.what.operation.name,
            "law": self.what.law.name,
            "target": str(self.what.target),
            "untested": list(left),
        }

    def _failure(self, result: Result) -> str:
        """What was found, and how to find it again, on one screen."""
        said = _on_a_screen(str(result))
        if settings := numerics.settings(
            result.subject.target, result.subject.contract
        ):
            said = f"{said}\nnumerics  {settings}"
        recorded = result.recorded()
        if self.cache is None or recorded is None:
            return said
        try:
            file = self.cache.mkdir("scratchnet") / f"{_file_name(self.name)}.json"
            file.write_text(json.dumps(recorded, indent=1))
        except OSError as error:
            return f"{said}\nreplay    not kept: {error}"
        return f"{said}\nreplay    {_command(recorded, _near(file, self.base))}"


def _not_here(binding: Binding, target: Target) -> str:
    """Why a subject does not run on a target, if it runs anywhere."""
    example = probe(binding.operation)
    reason = reason_against(binding.on(target), example)
    if not reason:
        return ""
    others = (t for t in default_targets() if t != target)
    runs = any(not reason_against(binding.on(t), example) for t in others)
    return reason if runs else ""


def _found(result: Result) -> dict[str, Any]:
    """What the session's summary adds up of a law that was asked."""
    return {
        "held": result.ok,
        "verdict": result.verdict,
        "ratio": result.ratio if isfinite(result.ratio) else None,
        "examples": result.examples,
        "compared": result.compared,
        "silent": result.silent,
        "seconds": round(result.seconds, 4),
        "landed": result.subject.landed[True],
        "elsewhere": result.subject.landed[False],
    }


def _on_a_screen(said: str) -> str:
    """The text without what is too long of it; its last line is what to suspect."""
    lines = [
        line if len(line) <= _WIDTH else f"{line[:_WIDTH]} ..."
        for line in said.splitlines()
    ]
    if (more := len(lines) - _LINES) > 0:
        cut = f"          ... and {more + 1} lines more"
        lines = [*lines[: _LINES - 2], cut, lines[-1]]
    return "\n".join(lines)


def _file_name(name: str) -> str:
    """The id of a test as the name of a file on any system."""
    plain = re.sub(r"[/:\[\]]+", "-", name).strip("-")
    safe = re.sub(r"[^A-Za-z0-9_.=-]", "_", plain)
    if safe == plain and len(safe) <= _NAME:
        return safe
    return f"{safe[:_NAME]}-{sha256(name.encode()).hexdigest()[:8]}"


def _near(file: Path, base: Path) -> str:
    """The path as it is written where the session was started."""
    try:
        shown = relpath(file, base)
    except ValueError:  # on another drive
        return str(file)
    return str(file) if shown.startswith("..") else shown


def _command(recorded: Mapping[str, Any], file: str) -> str:
    """The command that replays a witness."""
    if not recorded["operation"]:
        return f"needs the operation as a name of the subject's module; kept in {file}"
    asks = "".join(
        f" --{name} file.py:name" for name in ("subject", "vjp") if recorded[name] == ""
    )
    return f"scratchnet replay {shlex.quote(file)}{asks}"
