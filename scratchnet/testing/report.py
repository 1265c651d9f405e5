"""What a check found: a verdict for each law and target, in words and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scratchnet.errors import UnavailableError
from scratchnet.testing import suspects, words
from scratchnet.testing.case import Case
from scratchnet.testing.document import Document, document, told
from scratchnet.testing.laws.finding import Finding
from scratchnet.testing.laws.law import Law
from scratchnet.testing.op import Op
from scratchnet.testing.spread import Spread
from scratchnet.testing.subject import Subject
from scratchnet.testing.witness import witness_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Result:
    """A law on a target: what was found, of how many examples, and what breaks it.

    examples: those that the law is about. compared, silent: numbers, bytes or facts
    told from wrong ones, and numbers about which nothing could be said. ratio: the
    largest error in parts of its bound. families: how many examples of each. witness:
    the smallest example that breaks the law.
    """

    law: Law
    subject: Subject
    finding: Finding
    examples: int
    compared: int
    silent: int
    ratio: float
    seconds: float
    families: Counter[str]
    witness: Case | None = None
    spread: Spread = field(default_factory=Spread)

    @property
    def ok(self) -> bool:
        """Whether the law holds."""
        return self.finding.ok

    @property
    def verdict(self) -> str:
        """HOLDS, or how the law is broken."""
        return self.finding.verdict

    @property
    def target(self) -> str:
        """Where it was asked."""
        return str(self.subject.target)

    @property
    def vacuous(self) -> float:
        """The share of the numbers about which nothing could be said."""
        total = self.compared + self.silent
        return self.silent / total if total else 0.0

    def recorded(self) -> dict[str, Any] | None:
        """The witness as JSON holds it, for `scratchnet replay`."""
        if self.witness is None:
            return None
        return witness_of(self.law, self.subject, self.witness, self.finding)

    def __str__(self) -> str:
        """The failure as a person can act on it; a line where the law holds."""
        if self.ok:
            count = f"{self.examples} example{'s' * (self.examples != 1)}"
            return f"{self.law} holds on {self.target}: {count}"
        lines = [
            f"{self.verdict} {self.law} on {self.target}",
            f"claim     {self.law.claim}",
        ]
        if self.witness is not None:
            layouts = ", ".join(each.__name__ for each in self.witness.layouts)
            lines += [
                f"witness   {self.witness!r}",
                f"lying     {layouts or 'nowhere'}",
            ]
        first, *more = self.finding.message.splitlines() or [""]
        lines += [f"error     {first}", *(f"          {x.strip()}" for x in more)]
        lines.append(f"suspect   {self.suspect}")
        return "\n".join(lines)

    @property
    def suspect(self) -> str:
        """What to look at first."""
        return suspects.suspect(self)


@dataclass(frozen=True)
class Report:
    """What a check found.

    results: one for each law and target. untested: what was left out, in words.
    """

    subject: str
    operation: Op
    results: tuple[Result, ...]
    untested: tuple[str, ...]
    seed: int

    @property
    def ok(self) -> bool:
        """Whether every law holds, and there was one."""
        return bool(self.results) and all(each.ok for each in self.results)

    @property
    def verdicts(self) -> Mapping[tuple[str, str], str]:
        """The verdict of each law, by its name and the target's."""
        return {(each.law.name, each.target): each.verdict for each in self.results}

    @property
    def broken(self) -> tuple[Result, ...]:
        """The laws that are broken, the gravest first."""
        wrong = [each for each in self.results if not each.ok]
        return tuple(sorted(wrong, key=gravity, reverse=True))

    @property
    def witness(self) -> Case | None:
        """The smallest example that breaks the gravest broken law."""
        return next((each.witness for each in self.broken if each.witness), None)

    @property
    def examples(self) -> int:
        """Examples, of all laws and targets together."""
        return sum(each.examples for each in self.results)

    @property
    def compared(self) -> int:
        """Numbers, bytes and facts told from wrong ones."""
        return sum(each.compared for each in self.results)

    def document(self) -> Document:
        """All of it, as what JSON holds."""
        return document(
            self.subject,
            self.operation,
            map(told, self.results),
            seed=self.seed,
            untested=self.untested,
        )

    def __str__(self) -> str:
        """A table, then what breaks, then what was not tested."""
        return words.text(self.document())

    def _repr_html_(self) -> str | None:
        """What a notebook shows: None, for its text, without what draws the other."""
        from scratchnet.testing import page

        try:
            return page.fragment(self.document())
        except UnavailableError:
            return None

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What IPython shows where it shows text: what a terminal does."""
        del cycle  # a report does not hold itself
        printer.text(str(self))

    def to_json(self) -> str:
        """All of it, as JSON of schema 2."""
        return json.dumps(self.document(), indent=1)


def gravity(result: Result, /) -> tuple[int, bool, int]:
    """How plainly it is wrong: the more the graver."""
    case = result.witness
    return suspects.gravity(
        result.verdict,
        result.finding.message,
        "" if case is None else case.family.name,
        [] if case is None else [x.shape for x in case.arrays],
        pullback=result.law.needs_vjp,
    )
