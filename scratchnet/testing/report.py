"""What a check found: a verdict for each law and target, in words and as JSON."""

from __future__ import annotations

import json
import platform
import sys
from collections import Counter
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.testing import suspects
from scratchnet.testing.case import Case
from scratchnet.testing.laws.finding import Finding
from scratchnet.testing.laws.law import Law
from scratchnet.testing.op import Op
from scratchnet.testing.subject import Subject
from scratchnet.testing.witness import witness_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCHEMA = 1


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
        return tuple(sorted(wrong, key=suspects.gravity, reverse=True))

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

    def __str__(self) -> str:
        """A table, then what breaks, then what was not tested."""
        parts = [_table(self)]
        parts += [f"\n{each}" for each in self.broken[:1]]
        parts += [f"\n{line}" for line in self._more()]
        parts += [f"not tested: {each}" for each in self.untested]
        parts.append(_verdict(self))
        return "\n".join(parts)

    def _more(self) -> Iterator[str]:
        """The other broken laws; apart those of which the same is to be said."""
        if not self.broken:
            return
        first, *others = self.broken
        same = [each for each in others if _alike(each, first)]
        rest = [each for each in others if each not in same]
        for said, those in (("in the same way", same), ("as well", rest)):
            if those:
                yield f"broken {said}: {', '.join(_named(those, self))}"

    def to_json(self) -> str:
        """All of it, as JSON of schema 1."""
        return json.dumps(
            {
                "schema": SCHEMA,
                "subject": self.subject,
                "operation": self.operation.name,
                "restriction": {
                    k: repr(v) for k, v in self.operation.restriction.items()
                },
                "ok": self.ok,
                "seed": self.seed,
                "results": [_as_json(each) for each in self.results],
                "untested": list(self.untested),
                "environment": environment(),
            },
            indent=1,
        )


def _alike(one: Result, other: Result) -> bool:
    """Whether the same was found of both, but for the call that it was found in."""
    found = one.finding, other.finding
    return len({(each.verdict, each.message.partition("\n")[0]) for each in found}) == 1


def _named(broken: list[Result], report: Report) -> Iterator[str]:
    """The laws that are broken, each with the targets if it is not on all of them."""
    every = {each.subject.target for each in report.results}
    for law in dict.fromkeys(each.law.name for each in broken):
        where = [x.subject.target for x in broken if x.law.name == law]
        on = f" ({', '.join(map(str, where))})" if every - {*where} else ""
        yield f"{law}{on}"


def _as_json(result: Result) -> dict[str, Any]:
    return {
        "law": result.law.name,
        "target": result.target,
        "verdict": result.verdict,
        "message": result.finding.message,
        "examples": result.examples,
        "compared": result.compared,
        "silent": result.silent,
        "error_by_bound": result.ratio if np.isfinite(result.ratio) else None,
        "families": dict(result.families),
        "seconds": round(result.seconds, 4),
        "witness": result.recorded(),
    }


def environment() -> dict[str, str]:
    """The versions that a verdict depends on."""
    found = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "numpy": np.__version__,
    }
    torch = sys.modules.get("torch")
    return found if torch is None else {**found, "torch": torch.__version__}


def _verdict(report: Report) -> str:
    count = len(report.results)
    said = f"{report.subject} as {report.operation.name}: "
    if report.ok:
        return (
            f"{said}all {count} laws hold, {report.examples:,} examples, "
            f"{report.compared:,} comparisons"
        )
    if not report.results:
        return f"{said}nothing was asked"
    return f"{said}{len(report.broken)} of {count} laws are broken"


def _table(report: Report) -> str:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("law", "target", "verdict"):
        table.add_column(name, no_wrap=True)
    for name in ("error/bound", "silent", "examples", "comparisons", "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in report.results:
        table.add_row(
            each.law.name,
            each.target,
            each.verdict,
            f"{each.ratio:.2g}" if each.ratio else "",
            f"{each.vacuous:.1%}" if each.silent else "",
            f"{each.examples:,}",
            f"{each.compared:,}",
            f"{each.seconds:.2f}",
        )
    text = StringIO()
    Console(file=text, width=120, color_system=None, legacy_windows=False).print(table)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())
