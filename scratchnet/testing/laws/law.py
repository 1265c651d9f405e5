"""Laws: claims that must hold for every example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from scratchnet.errors import ArgumentTypeError
from scratchnet.testing.case import Case, written
from scratchnet.testing.compiling import graphs_run
from scratchnet.testing.laws.finding import Finding, Misplaced, raised
from scratchnet.testing.op import Op
from scratchnet.testing.strategies.layout import contiguous
from scratchnet.testing.subject import Refusal, Subject
from scratchnet.testing.targets import Target

#: What is said of an example of which nothing was compiled.
UNCOMPILED = "nothing of it was compiled: no graph ran, all of it was run as it is"
#: Whether a law says something about an example.
Accepts = Callable[[Subject, Case], bool]
Check = Callable[[Subject, Case], Finding]


def everything(subject: Subject, case: Case) -> bool:
    """Every example."""
    del subject, case
    return True


@dataclass(frozen=True)
class Law:
    """A claim, with the examples that it is about.

    needs_vjp: whether it is about the subject's pullback. everywhere: whether it is
    asked on every target, not only in float64. on_device: whether it is about devices,
    of targets whose arrays live elsewhere than on the host.
    of: whether it is about an operation of its kind. families: those of values that it
    is about; all where there are none. kind: of which an operation must be.
    """

    name: str
    check: Check
    accepts: Accepts
    needs_vjp: bool
    everywhere: bool
    of: Callable[[Op], bool]
    families: tuple[str, ...] = ()
    kind: str = "function"
    on_device: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def claim(self) -> str:
        """What it claims, in a line."""
        return self._said("Claim")

    @property
    def kills(self) -> str:
        """The bugs that it finds."""
        return self._said("Kills")

    @property
    def misses(self) -> str:
        """The bugs that it cannot see."""
        return self._said("Misses")

    def _said(self, what: str) -> str:
        lines = (self.check.__doc__ or "").splitlines()
        said: list[str] = []
        for line in map(str.strip, lines):
            if line.startswith(what):
                said = [line.removeprefix(what).strip()]
            elif said and line and not line.startswith(("Claim", "Kills", "Misses")):
                said.append(line)
            elif said:
                break
        return " ".join(said)

    def applies(self, operation: Op, target: Target, /) -> bool:
        """Whether it is asked about this operation on this target."""
        return (
            (self.everywhere or target.is_full)
            and self.is_about(operation)
            and (target.on_device or not self.on_device)
            and target.format.name in operation.dtypes
            and self.asks(operation) is not None
        )

    def is_about(self, operation: Op, /) -> bool:
        """Whether it is about this operation at all."""
        return self.kind == operation.kind and self.of(operation)

    def asked(self, subject: Subject, case: Case, /) -> Finding:
        """What it finds of an example; that the subject raises is a finding.

        Where no graph of a compiled subject ran, nothing is said about what was
        compared. Raises ArgumentTypeError where it is none.
        """
        before = graphs_run()
        finding = self._found(subject, case)
        if finding.ok and subject.target.compiled and graphs_run() == before:
            silent = finding.silent + finding.compared
            finding = replace(
                finding, message=UNCOMPILED, compared=0, silent=silent, ratio=0.0
            )
        return self.told(finding, case)

    def told(self, finding: Finding, case: Case, /) -> Finding:
        """A finding with the cotangent that it is of, where it is of a pullback."""
        if finding.ok or not self.needs_vjp or case.op.gradient is None:
            return finding
        return finding.noted(_under(case.of_pullback()))

    def _found(self, subject: Subject, case: Case) -> Finding:
        try:
            found = self.check(subject, case)
            if not isinstance(found, Finding):
                raise ArgumentTypeError(
                    f"law {self.name}",
                    f"returned a {type(found).__name__}",
                    "required a Finding",
                )
            return found
        except Refusal as refusal:
            return raised(refusal.args[0])
        except Misplaced as misplaced:
            finding: Finding = misplaced.args[0]
            return finding

    def asks(self, operation: Op, /) -> Op | None:
        """The operation with the values that it is about; None where none is left."""
        return operation.of_families(self.families) if self.families else operation


def _under(there: Case) -> str:
    """The cotangent of an example, which its own call does not show."""
    layout = there.layouts[0]
    lying = "" if layout is contiguous else f", lying {layout.__name__}"
    return f"under g = {written(there.arguments[0])}{lying}"


def law(
    check: Check | None = None,
    /,
    *,
    accepts: Accepts = everything,
    needs_vjp: bool = False,
    everywhere: bool = False,
    of: Callable[[Op], bool] = lambda _: True,
    families: tuple[str, ...] = (),
    kind: str = "function",
    on_device: bool = False,
) -> Callable[[Check], Law]:
    """A function of a subject and an example as a law, which has its name.

    Raises ArgumentTypeError where it is written without parentheses.
    """
    if check is not None:
        raise ArgumentTypeError(
            "law", "@law was written without parentheses", "required @law()"
        )

    def made(check: Check) -> Law:
        asked = needs_vjp, everywhere, of, families, kind, on_device
        return Law(check.__name__, check, accepts, *asked)

    return made
