"""Is any correct result ever outside its bound, and how near does it come?

Run: python benchmarks/bounds/campaign.py [--checks N] [--per-cell M] [--seed S]

Every operation, in every format, on adversarial inputs; one evaluation of the oracle
serves every implementation. Goes on until there are N checks of an array and M in every
cell. Exits with 1 on any false alarm.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any
from zlib import crc32

import numpy as np
from dots import PRODUCTS
from draws import KINDS, Case, Draw
from network import NETS
from primitives import PRIMITIVES
from subjects import Subject, torch
from sums import SUMS

from scratchnet.testing import Format, within
from scratchnet.testing.formats import FORMATS

SUBJECTS = (*SUMS, *PRODUCTS, *NETS, *PRIMITIVES)
#: Ordinary inputs are drawn as often as four other kinds: tightness is measured there.
SCHEDULE = ("normal", *KINDS, "normal", "normal")
#: Draws of small inputs, and simpler numbers, that a false alarm is looked for in.
ATTEMPTS = 300
#: Checks of the run in the suite, which the caps of `caps.json` belong to.
SUITE = 20_000

Cell = tuple[str, str, str]


@dataclass
class Tally:
    """What was seen in a cell.

    vacuous: the sum of the checks' shares, so that one large array does not outvote a
    hundred small ones; ratios: the median error / bound of each ordinary case.
    """

    checks: int = 0
    alarms: int = 0
    vacuous: float = 0.0
    largest: float = 0.0
    ratios: list[float] = field(default_factory=list)

    def add(self, comparison: Any, *, ordinary: bool) -> None:
        """Count a comparison."""
        ratio = comparison.ratio[np.isfinite(comparison.ratio)]
        self.checks += 1
        self.alarms += not comparison.ok
        self.vacuous += comparison.vacuous
        if ratio.size:
            self.largest = max(self.largest, float(ratio.max()))
        if ratio.size and ordinary and len(self.ratios) < 2000:
            self.ratios.append(float(np.median(ratio)))


@dataclass(frozen=True)
class Alarm:
    """A correct result outside its bound, and the smallest case of it found."""

    cell: Cell
    kind: str
    case: Case
    message: str

    def __str__(self) -> str:
        shown = ", ".join(_literal(x) for x in self.case.inputs)
        options = "".join(f", {k}={_literal(x)}" for k, x in self.case.options.items())
        return f"{', '.join(self.cell)} ({self.kind}): {shown}{options}\n{self.message}"


def _literal(x: Any) -> str:
    """An array in full if it is small: what brings a false alarm back."""
    if not isinstance(x, np.ndarray):
        return repr(x)
    if x.size > 64:
        return f"<{x.dtype} {x.shape}>"
    values = [float(v) for v in x.ravel()]
    return f"np.array({values}, '{x.dtype}').reshape({x.shape})"


@dataclass
class Stream:
    """The cases of an operation in a format, in an order that a seed determines."""

    subject: Subject
    form: Format
    seed: int

    def __post_init__(self) -> None:
        name = f"{self.subject.name} {self.form.name}".encode()
        self.rng = np.random.default_rng([self.seed, crc32(name)])
        self.contract = self.subject.contract(self.form)
        self.count = 0

    def kind(self) -> str:
        """The kind of the next case: in turn, so that each is drawn as often."""
        self.count += 1
        return SCHEDULE[self.count % len(SCHEDULE)]

    def cells(self) -> list[Cell]:
        """One for each implementation."""
        if self.contract is None:
            return []
        names = self.subject.cells(self.form)
        return [(self.subject.name, self.form.name, name) for name in names]

    def compared(self, case: Case, names: Sequence[str]) -> Iterator[tuple[str, Any]]:
        """Each comparison of a case, with the implementation's name."""
        oracles = self.subject.oracle(case, self.contract)
        for name in names:
            found = self.subject.implementations[name](case)
            if found is None:
                continue
            several = isinstance(oracles, tuple)
            pairs = zip(found, oracles, strict=True) if several else [(found, oracles)]
            for actual, oracle in pairs:
                yield name, within(_scalarless(actual), oracle)

    def minimal(self, name: str, kind: str, case: Case, message: str) -> Alarm:
        """The alarm, of a small case that raises it as well if there is one."""

        def alarm(case: Case) -> str:
            found = (c for _, c in self.compared(case, [name]) if not c.ok)
            return next((c.message for c in found), "")

        rng = np.random.default_rng(0)
        for attempt in range(ATTEMPTS):
            small = self.subject.drawn(Draw(rng, self.form, kind, 1 + attempt // 60))
            if said := alarm(small):
                case, message = small, said
                break
        case = simplified(case, lambda each: bool(alarm(each)))
        return Alarm(
            (self.subject.name, self.form.name, name),
            kind,
            case,
            alarm(case) or message,
        )


def _scalarless(x: Any) -> Any:
    """NumPy makes numbers of arrays without axes."""
    return np.asarray(x) if isinstance(x, np.generic) else x


def simplified(case: Case, alarming: Callable[[Case], bool]) -> Case:
    """The case with as many numbers 0 or 1 as still raise the alarm."""
    left = ATTEMPTS
    for i, x in enumerate(case.inputs):
        if not isinstance(x, np.ndarray) or x.dtype.kind != "f":
            continue
        for at in np.ndindex(x.shape):
            for simple in (0.0, 1.0):
                if left == 0 or case.inputs[i][at] == simple:
                    break
                left -= 1
                other = case.inputs[i].copy()
                other[at] = simple
                inputs = (*case.inputs[:i], other, *case.inputs[i + 1 :])
                if alarming(simpler := case.with_inputs(*inputs)):
                    case = simpler
                    break
    return case


@dataclass(frozen=True)
class Report:
    """All cells, the first false alarms of each, and how many checks there were."""

    cells: dict[Cell, Tally]
    alarms: list[Alarm]

    @property
    def checks(self) -> int:
        """The number of arrays that were compared."""
        return sum(tally.checks for tally in self.cells.values())

    def vacuous(self) -> dict[str, float]:
        """The mean share of elements not judged, by operation and format."""
        found: dict[str, list[float]] = {}
        for (name, form, _), tally in self.cells.items():
            pair = found.setdefault(f"{name}, {form}", [0.0, 0.0])
            pair[0] += tally.vacuous
            pair[1] += tally.checks
        return {key: part / max(whole, 1) for key, (part, whole) in found.items()}

    def caps(self) -> str:
        """These shares in JSON, rounded up to a hundredth: what `caps.json` holds."""
        shares = sorted(self.vacuous().items())
        return json.dumps({key: ceil(100 * x) / 100 for key, x in shares}, indent=1)

    def table(self) -> str:
        """The cells, in Markdown."""
        head = "operation | format | implementation | checks | false alarms"
        rows = [f"| {head} | vacuous % | median ratio | largest ratio |"]
        rows.append("| --- | --- | --- |" + " ---: |" * 5)
        for cell, tally in sorted(self.cells.items()):
            middle = f"{np.median(tally.ratios):.3f}" if tally.ratios else ""
            share = 100 * tally.vacuous / max(tally.checks, 1)
            rows.append(
                f"| {' | '.join(cell)} | {tally.checks:,} | {tally.alarms} | "
                f"{share:.1f} | {middle} | {tally.largest:.3f} |"
            )
        return "\n".join(rows)


def run(
    *,
    checks: int,
    per_cell: int = 1,
    seed: int = 0,
    subjects: Sequence[Subject] = SUBJECTS,
) -> Report:
    """The campaign, until there are so many checks in all and in each cell."""
    streams = [Stream(each, form, seed) for each in subjects for form in _formats()]
    cells = {cell: Tally() for stream in streams for cell in stream.cells()}
    report = Report(cells, [])
    streams = [stream for stream in streams if stream.cells()]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        while streams:
            for stream in streams:
                _one(stream, report)
            enough = report.checks >= checks
            streams = [
                stream
                for stream in streams
                if not enough or _least(stream, cells) < per_cell
            ]
    return report


def _formats() -> list[Format]:
    return list(FORMATS.values())


def _least(stream: Stream, cells: dict[Cell, Tally]) -> int:
    return min(cells[cell].checks for cell in stream.cells())


def _one(stream: Stream, report: Report) -> None:
    """One case of a stream, against everything that computes it."""
    kind = stream.kind()
    case = stream.subject.drawn(Draw(stream.rng, stream.form, kind))
    for name, comparison in stream.compared(case, stream.subject.cells(stream.form)):
        tally = report.cells[stream.subject.name, stream.form.name, name]
        tally.add(comparison, ordinary=kind == "normal")
        if not comparison.ok and tally.alarms == 1:
            report.alarms.append(stream.minimal(name, kind, case, comparison.message))


def main() -> int:
    """Run, print the cells and the alarms."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--checks", type=int, default=1_000_000)
    parser.add_argument("--per-cell", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="operations whose name holds this")
    parser.add_argument("--caps", action="store_true", help="print caps.json instead")
    chosen = parser.parse_args()
    if torch is not None:
        torch.set_num_threads(1)
    if chosen.caps:
        print(run(checks=SUITE, seed=0).caps())
        return 0
    began = time.perf_counter()
    subjects = [each for each in SUBJECTS if chosen.only in each.name]
    report = run(
        checks=chosen.checks,
        per_cell=chosen.per_cell,
        seed=chosen.seed,
        subjects=subjects,
    )
    print(report.table(), end="\n\n")
    for alarm in report.alarms:
        print(f"FALSE ALARM {alarm}", end="\n\n")
    alarms = sum(tally.alarms for tally in report.cells.values())
    least = min(tally.checks for tally in report.cells.values())
    print(
        f"{report.checks:,} checks in {len(report.cells)} cells, at least {least:,} in "
        f"each; {alarms} false alarms; {time.perf_counter() - began:.0f} s"
    )
    return 1 if alarms else 0


if __name__ == "__main__":
    raise SystemExit(main())
